import { ref } from 'vue'

/** Steps of the text size. Every size of text is in rem, so the root's size scales all of it; touch targets stay as they are. */
export const textSizes = ['normal', 'large', 'larger', 'largest'] as const
export type TextSize = (typeof textSizes)[number]

/** Of what the web view would use by itself. */
const PERCENT: Record<TextSize, number> = { normal: 100, large: 112.5, larger: 125, largest: 140 }
const SLOT = 'xuncha.text-size'

function remembered(): TextSize {
  try {
    const kept = localStorage.getItem(SLOT)
    return textSizes.find((size) => size === kept) ?? 'normal'
  } catch {
    return 'normal'
  }
}

const chosen = ref<TextSize>(remembered())

const apply = () => {
  document.documentElement.style.fontSize = `${PERCENT[chosen.value]}%`
}

/** Shows the size that was chosen before. */
export const applyTextSize = apply

/** The choice, which stays on this device. */
export function useTextSize() {
  function choose(size: TextSize) {
    chosen.value = size
    apply()
    try {
      localStorage.setItem(SLOT, size)
    } catch {
      // A browser that keeps nothing still shows the chosen size until it is closed.
    }
  }
  return { chosen, choose }
}
