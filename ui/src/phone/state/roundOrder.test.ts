import { beforeEach, describe, expect, it } from 'vitest'
import { inOrder, moved, readOrder, writeOrder } from './roundOrder'

describe('the order of a round', () => {
  beforeEach(() => localStorage.clear())

  it('is the officer\'s, and new tasks follow as suggested', () => {
    expect(inOrder(['a', 'b', 'c', 'd'], ['c', 'a', 'gone'], (id) => id)).toEqual(['c', 'a', 'b', 'd'])
    expect(inOrder(['a', 'b'], [], (id) => id)).toEqual(['a', 'b'])
  })

  it('moves one by one and is kept', () => {
    expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b'])
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    writeOrder(['b', 'a'])
    expect(readOrder()).toEqual(['b', 'a'])
    localStorage.setItem('xuncha.round', '{')
    expect(readOrder()).toEqual([])
  })
})
