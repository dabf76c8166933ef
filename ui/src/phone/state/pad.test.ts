import { describe, expect, it } from 'vitest'
import { emptyPad, erase, face, flip, parseDegrees, press, tenths, type Pad } from './pad'

const type = (digits: string, site: string, from: Pad = emptyPad) =>
  [...digits].reduce((pad, digit) => press(pad, Number(digit), site), from)

describe('temperature pad', () => {
  it('turns three taps into tenths of a degree', () => {
    expect(tenths(type('365', 'forehead'), 'forehead')).toBe(365)
    expect(tenths(type('421', 'ear'), 'ear')).toBe(421)
  })

  it('has no value before the third digit, and shows what is missing', () => {
    expect(tenths(type('36', 'wrist'), 'wrist')).toBeUndefined()
    expect(face(type('', 'wrist'), 'wrist')).toBe('––.–')
    expect(face(type('36', 'wrist'), 'wrist')).toBe('36.–')
    expect(face(type('365', 'wrist'), 'wrist')).toBe('36.5')
  })

  it('ignores a first digit that no person can have, and a fourth digit', () => {
    expect(type('9', 'forehead').digits).toBe('')
    expect(type('3659', 'forehead').digits).toBe('365')
  })

  it('takes the last digit back', () => {
    expect(erase(type('365', 'ear')).digits).toBe('36')
    expect(erase(emptyPad).digits).toBe('')
  })

  it('lets air be short and below zero', () => {
    expect(tenths(type('8', 'air'), 'air')).toBe(8)
    expect(tenths(flip(type('105', 'air')), 'air')).toBe(-105)
    expect(face(flip(type('105', 'air')), 'air')).toBe('-10.5')
    expect(tenths(flip(type('0', 'air')), 'air')).toBe(0)
  })

  it('forgets the sign for a person', () => {
    expect(tenths(flip(type('365', 'ear')), 'ear')).toBe(365)
  })

  it('reads typed degrees without a float', () => {
    expect(parseDegrees('36.5')).toBe(365)
    expect(parseDegrees(' 36,5 ')).toBe(365)
    expect(parseDegrees('37')).toBe(370)
    expect(parseDegrees('-0.5')).toBe(-5)
    expect(parseDegrees('36.55')).toBeUndefined()
    expect(parseDegrees('warm')).toBeUndefined()
  })
})
