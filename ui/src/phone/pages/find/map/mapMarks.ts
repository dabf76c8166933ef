import { Marker, type Map as MapView } from 'maplibre-gl'
import type { VenueMark } from '@/shared/backend'
import { degrees } from './mapView'

/**
 * The marks on the map: buttons of the page, so that a finger, a keyboard and a screen reader reach each of them. Those
 * that stay where they are keep their element, and with it the focus.
 */
export function createMarks(map: MapView, label: (mark: VenueMark) => string, tapped: (mark: VenueMark) => void) {
  let drawn = new Map<string, Marker>()

  function button(mark: VenueMark): HTMLButtonElement {
    const element = document.createElement('button')
    element.type = 'button'
    element.className = mark.venue ? 'mark venue-mark' : 'mark many-mark'
    element.dataset.testid = mark.venue ? 'map-venue' : 'map-cluster'
    element.dataset.count = String(mark.count)
    element.setAttribute('aria-label', label(mark))
    const sign = document.createElement('span')
    sign.className = 'sign'
    if (mark.venue) {
      const name = document.createElement('span')
      name.className = 'name'
      name.textContent = mark.venue.name
      element.append(sign, name)
    } else {
      sign.textContent = String(mark.count)
      element.append(sign)
    }
    element.addEventListener('click', (event) => {
      event.stopPropagation()
      tapped(mark)
    })
    return element
  }

  return {
    draw(marks: VenueMark[]) {
      const now = new Map<string, Marker>()
      for (const mark of marks) {
        const key = JSON.stringify(mark)
        const marker =
          drawn.get(key) ?? new Marker({ element: button(mark) }).setLngLat(degrees(mark)).addTo(map)
        drawn.delete(key)
        now.set(key, marker)
      }
      drawn.forEach((gone) => gone.remove())
      drawn = now
    },
  }
}
