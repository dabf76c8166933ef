import { describe, expect, it } from 'vitest'
import { added, onPad, POINTS_MAX, type Strokes } from './ink'

describe('ink', () => {
  it('lies on the pad, also when the finger leaves the field', () => {
    expect(onPad(180, 72, 360, 144)).toEqual([500, 200])
    expect(onPad(-20, 900, 360, 144)).toEqual([0, 400])
    expect(onPad(5, 5, 0, 0)).toEqual([1000, 400])
  })

  it('leaves out the jitter of a finger and keeps strokes apart', () => {
    let ink: Strokes = added([], [10, 10], true)
    ink = added(ink, [12, 11], false)
    ink = added(ink, [30, 40], false)
    ink = added(ink, [31, 40], true)
    expect(ink).toEqual([[[10, 10], [30, 40]], [[31, 40]]])
    expect(added([], [1, 1], false)).toEqual([])
  })

  it('never grows past what the engine takes', () => {
    let ink: Strokes = added([], [0, 0], true)
    for (let i = 1; i < 3000; i++) ink = added(ink, [(i * 7) % 1000, (i * 13) % 400], false)
    for (let i = 0; i < 900; i++) ink = added(ink, [i, 9], true)
    expect(ink.flat().length).toBeLessThanOrEqual(POINTS_MAX)
  })
})
