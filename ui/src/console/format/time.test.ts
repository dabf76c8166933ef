import { describe, expect, it } from 'vitest'
import { offsetText, shortStamp, spanOf, stamp } from './time'

const noon = Date.UTC(2026, 10, 24, 5, 5, 9)

describe('stamps', () => {
  it('are Beijing time whatever the zone of the machine', () => {
    expect(stamp(noon)).toBe('2026-11-24 13:05:09')
    expect(stamp(Date.UTC(2026, 11, 31, 16, 0, 0))).toBe('2027-01-01 00:00:00')
  })

  it('name the year only when it is another one', () => {
    expect(shortStamp(noon, noon)).toBe('11-24 13:05')
    expect(shortStamp(Date.UTC(2025, 0, 2, 3, 4), noon)).toBe('2025-01-02 11:04')
  })

  it('survive what no calendar holds', () => {
    expect(stamp(9e15)).toBe('9000000000000000 ms')
    expect(shortStamp(9e15, noon)).toBe('9000000000000000 ms')
  })
})

describe('spans', () => {
  it.each([
    [0, '0', 's'],
    [350, '0.4', 's'],
    [2_000, '2', 's'],
    [9_940, '9.9', 's'],
    [9_990, '10', 's'],
    [119_000, '119', 's'],
    [180_000, '3', 'min'],
    [7_200_000, '2', 'h'],
    [-7_200_000, '2', 'h'],
    [172_800_000, '2', 'd'],
  ])('%i ms', (ms, amount, unit) => expect(spanOf(ms)).toEqual({ amount, unit }))

  it('never understate an uncertainty', () => {
    expect(spanOf(1_010, 'up')).toEqual({ amount: '1.1', unit: 's' })
    expect(spanOf(30_001, 'up')).toEqual({ amount: '31', unit: 's' })
    expect(spanOf(121_000, 'up')).toEqual({ amount: '3', unit: 'min' })
  })
})

it.each([
  [2_300, '+2.3 s'],
  [-1, '0 s'],
  [-400, '−0.4 s'],
  [59_960, '+0:01:00'],
  [-192_000, '−0:03:12'],
  [7_800_000, '+2:10:00'],
  [360_000_000, '+100:00:00'],
])('a clock corrected by %i ms', (ms, text) => expect(offsetText(ms)).toBe(text))
