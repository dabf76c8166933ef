import { beforeEach, describe, expect, it } from 'vitest'
import { keepChoice, lastChoice } from './lastChoice'

const SLOT = 'xuncha.last-choice'
const choice = { purpose: 'routine', kind: 'inspection', mode: 'on_site', lead: 'brigade' } as const

describe('how the last visit was begun', () => {
  beforeEach(() => localStorage.clear())

  it('is offered again', () => {
    expect(lastChoice()).toBeUndefined()
    keepChoice(choice)
    expect(lastChoice()).toEqual(choice)
  })

  it('is forgotten when it cannot be read or holds no known word', () => {
    for (const kept of ['{', 'null', '[]', '{}', JSON.stringify({ ...choice, mode: 'by_drone' }), JSON.stringify({ ...choice, purpose: 7 })]) {
      localStorage.setItem(SLOT, kept)
      expect(lastChoice(), kept).toBeUndefined()
    }
  })
})
