import { expect, it } from 'vitest'
import { lacks } from './documents'

it('knows what a paper still needs', () => {
  const field = { key: 'k', zh: '', en: '', required: true, long: false, lines: 2, text: '' }
  expect(lacks(field, '甲 1401\n\n')).toBe(true)
  expect(lacks(field, '甲 1401\n乙 1402')).toBe(false)
  expect(lacks({ ...field, required: false }, '')).toBe(false)
  expect(lacks({ ...field, lines: 1 }, '  ')).toBe(true)
})
