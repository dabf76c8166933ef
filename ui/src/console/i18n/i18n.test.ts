import { expect, it } from 'vitest'
import en from './en.json'
import zhCN from './zh-CN.json'

type Texts = { [key: string]: string | Texts }

function flat(texts: Texts, path = ''): Map<string, string> {
  const out = new Map<string, string>()
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') out.set(path + key, value)
    else for (const [inner, text] of flat(value, `${path}${key}.`)) out.set(inner, text)
  }
  return out
}

const zh = flat(zhCN)
const english = flat(en)

it('both languages have the same texts', () => {
  expect([...english.keys()].sort()).toEqual([...zh.keys()].sort())
})

it('both languages fill in the same values', () => {
  const slots = (text: string | undefined) => [...new Set(text?.match(/\{\w+\}/g) ?? [])].sort()
  for (const [key, text] of zh) expect(slots(english.get(key)), key).toEqual(slots(text))
})

it('no text is empty, and no English one is Chinese', () => {
  for (const [key, text] of [...zh, ...english]) expect(text.trim(), key).not.toBe('')
  for (const [key, text] of english) expect(text, key).not.toMatch(/\p{Script=Han}/u)
})
