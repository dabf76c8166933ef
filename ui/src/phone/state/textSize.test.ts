import { beforeEach, describe, expect, it, vi } from 'vitest'

const root = () => document.documentElement.style.fontSize
const fresh = async () => {
  vi.resetModules()
  return import('./textSize')
}

describe('text size', () => {
  beforeEach(() => localStorage.clear())

  it('is the web view’s own until another is chosen, which stays', async () => {
    const first = await fresh()
    first.applyTextSize()
    expect(root()).toBe('100%')
    first.useTextSize().choose('largest')
    expect(root()).toBe('140%')
    const second = await fresh()
    second.applyTextSize()
    expect(second.useTextSize().chosen.value).toBe('largest')
    expect(root()).toBe('140%')
  })

  it('takes no size that it does not know', async () => {
    localStorage.setItem('xuncha.text-size', 'huge')
    const { useTextSize, applyTextSize } = await fresh()
    applyTextSize()
    expect(useTextSize().chosen.value).toBe('normal')
    expect(root()).toBe('100%')
  })
})
