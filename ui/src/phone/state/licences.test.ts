// @vitest-environment node
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { gather } from '../../../licences'
import { findWorks } from './licences'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

describe('licences', () => {
  it('are those of what the app is made of, and stay within a page', () => {
    const { works, texts } = gather(root)
    const named = (name: string) => works.filter((work) => work.name === name)
    for (const name of ['tauri', 'rusqlite', 'vue', 'vant', 'NotoSansCJKsc-Regular-subset']) {
      expect(named(name), name).toHaveLength(1)
    }
    expect(works.filter(({ name }) => name.startsWith('xuncha'))).toEqual([])
    for (const name of ['vitest', 'tempfile', 'tauri-build', 'axum']) expect(named(name), name).toEqual([])
    expect(works.filter(({ licence }) => licence === '')).toEqual([])
    expect(works.filter(({ licence }) => /GPL/.test(licence) && !/\bOR\b/.test(licence))).toEqual([])
    const font = named('NotoSansCJKsc-Regular-subset')[0]
    expect(texts[font?.texts[0] ?? -1]).toContain('SIL OPEN FONT LICENSE')
    expect(works.every((work) => work.texts.every((text) => texts[text]))).toBe(true)
    expect(new Set(texts).size).toBe(texts.length)
    expect(JSON.stringify({ works, texts }).length).toBeLessThan(4_000_000)
  }, 60_000)

  it('are found by words of name and licence', () => {
    const work = (name: string, licence: string) => ({ kind: 'rust' as const, name, version: '1', licence, texts: [] })
    const works = [work('serde', 'MIT OR Apache-2.0'), work('serde_json', 'MIT'), work('ring', 'ISC')]
    expect(findWorks(works, ' Serde apache').map(({ name }) => name)).toEqual(['serde'])
    expect(findWorks(works, '')).toHaveLength(3)
    expect(findWorks(works, 'gpl')).toEqual([])
  })
})
