import { describe, expect, it } from 'vitest'
import { cellText, fen, type LedgerColumn, stateOf, tenths, yuan } from './ledger'

const column = (type: string, choices: LedgerColumn['choices'] = []): LedgerColumn => ({
  name: 'x', type, about: '', private: false, required: false, stamped: false, zh: '', en: '', choices,
})
const words = { pick: (of: { zh: string }) => of.zh, yes: '是', no: '否', place: (code: string) => `@${code}` }
const states = [
  { code: 'new', zh: '新', en: 'New', next: ['done'] },
  { code: 'done', zh: '完', en: 'Done', next: [] },
]

describe('cells', () => {
  it('are put into words by their type', () => {
    const text = (type: string, value: string | number | boolean | string[], names = {}) =>
      cellText(column(type, states), value, names, words)
    expect(text('state', 'done')).toBe('完')
    expect(text('state', 'of a newer app')).toBe('of a newer app')
    expect(text('money', 123_405)).toBe('¥1234.05')
    expect(text('temperature', 365)).toBe('36.5 ℃')
    expect(text('districts', ['140105', '140106'])).toBe('@140105、@140106')
    expect(text('officers', ['a', 'b'], { a: '甲' })).toBe('甲')
    expect(text('venue', 'a')).toBe('')
    expect(text('bool', false)).toBe('否')
  })

  it('read what is typed, or refuse it', () => {
    expect([fen('12'), fen('12.5'), fen('12.05'), fen('12.345'), fen('-1'), fen('')]).toEqual([
      1200, 1250, 1205, undefined, undefined, undefined,
    ])
    expect(yuan(5)).toBe('0.05')
    expect([tenths('36.5'), tenths('36'), tenths('365'), tenths('x')]).toEqual([365, 360, undefined, undefined])
  })

  it('begin in the first state', () => {
    expect(stateOf(column('state', states), null).next.map((state) => state.code)).toEqual(['done'])
    expect(stateOf(column('state', states), 'done').next).toEqual([])
  })
})
