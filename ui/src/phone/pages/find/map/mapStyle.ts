import type { StyleSpecification } from 'maplibre-gl'

/** The map in the colours of the app. There is no address in it: nothing of a map service is ever asked. */
export function mapStyle(): StyleSpecification {
  const page = getComputedStyle(document.documentElement)
  const colour = (name: string) => page.getPropertyValue(name).trim()
  return {
    version: 8,
    sources: {},
    layers: [{ id: 'ground', type: 'background', paint: { 'background-color': colour('--sunken') } }],
  }
}
