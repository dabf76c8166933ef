// @vitest-environment node
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const css = readFileSync(fileURLToPath(new URL('./tokens.css', import.meta.url)), 'utf8')
const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)')

function colours(part: string): Record<string, string> {
  return Object.fromEntries([...part.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1], m[2]]))
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

describe.each([['light', colours(light)], ['dark', colours(dark)]] as const)('%s theme', (_, theme) => {
  const on = ['page', 'surface', 'sunken']
  const pairs = [
    ...['text', 'text-2', 'accent', 'ok', 'bad', 'warn'].flatMap((text) => on.map((ground) => [text, ground])),
    ...['accent', 'ok', 'bad', 'warn'].map((tone) => [tone, `${tone}-soft`]),
    ...['accent', 'ok', 'bad', 'warn'].map((tone) => ['text', `${tone}-soft`]),
    ['on-accent', 'accent'],
  ] as [string, string][]

  it.each(pairs)('%s on %s reaches 4.5:1', (text, ground) => {
    expect(contrast(theme[text] ?? '#000000', theme[ground] ?? '#000000')).toBeGreaterThanOrEqual(4.5)
  })
})
