import { describe, expect, it } from 'vitest'
import { webView } from './diagnostics'

const view = (userAgent: string) =>
  ({ navigator: { userAgent }, innerWidth: 360, innerHeight: 640, devicePixelRatio: 2, location: { href: 'http://hq/#/visit/1' } }) as Window

describe('what the page tells of itself', () => {
  it('is two plain lines of bounded length', () => {
    const told = webView({ lang: 'en', textSize: 'large' }, view(`Chrome/156\n某${'x'.repeat(1_000)}`))
    const [agent, page, rest] = told.split('\n')
    expect(agent).toMatch(/^web view: Chrome\/156x+$/)
    expect(agent?.length).toBeLessThan(320)
    expect(page).toBe('page: 360x640 at 2, en, text large')
    expect(rest).toBe('')
  })
})
