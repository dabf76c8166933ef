// @vitest-environment node
import { readdirSync, readFileSync, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Texts } from './index'

const src = fileURLToPath(new URL('../..', import.meta.url))
const folders = ['shared', 'phone', 'console'].filter((app) => existsSync(`${src}${app}/i18n/zh-CN.json`))

function flat(texts: Texts, path = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[path + key, value]] : flat(value, `${path}${key}.`),
  )
}

const read = (app: string, lang: string) => JSON.parse(readFileSync(`${src}${app}/i18n/${lang}.json`, 'utf8')) as Texts
/** As a set: the plural forms of one language repeat a placeholder that the other names once. */
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort().join()

describe.each(folders)('texts of %s', (app) => {
  const zh = new Map(flat(read(app, 'zh-CN')))
  const en = new Map(flat(read(app, 'en')))

  it('has the same keys in both languages', () => {
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort())
  })

  it('has the same placeholders in both languages, and no empty text', () => {
    for (const [key, text] of zh) {
      expect(text, key).not.toBe('')
      expect(en.get(key), key).not.toBe('')
      expect(placeholders(en.get(key) ?? ''), key).toBe(placeholders(text))
    }
  })
})

describe('texts of an app', () => {
  it.each(folders.filter((app) => app !== 'shared'))('%s does not redefine a group of the shared texts', (app) => {
    const shared = Object.keys(read('shared', 'zh-CN'))
    expect(Object.keys(read(app, 'zh-CN')).filter((group) => shared.includes(group))).toEqual([])
  })

  it('knows no language beside the two', () => {
    for (const app of folders) {
      const files = readdirSync(`${src}${app}/i18n`).filter((name) => name.endsWith('.json'))
      expect(files.sort()).toEqual(['en.json', 'zh-CN.json'])
    }
  })

  it('has a word for every error code that the engine can send', () => {
    const generated = readFileSync(`${src}shared/backend/generated/phone.ts`, 'utf8')
    const line = /export type ErrorCode = ([^;]+);/.exec(generated)?.[1] ?? ''
    const codes = [...line.matchAll(/"(\w+)"/g)].map((match) => match[1])
    expect(codes.length).toBeGreaterThan(10)
    expect(Object.keys(read('shared', 'zh-CN').error as Texts)).toEqual(expect.arrayContaining(codes))
  })
})
