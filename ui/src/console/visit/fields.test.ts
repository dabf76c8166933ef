import { describe, expect, it } from 'vitest'
import type { CommitRow, FieldRow, LiveValue, PhotoRow } from '@/shared/backend/generated/console'
import { candidates, chains, groupBy, isOverdue, photosByItem, resolution } from './fields'

const live = (commit: string, value: string | null, erased = false) => ({ commit, value, erased }) as LiveValue

describe('candidates of a field', () => {
  it('stand together where they agree, the displayed value first', () => {
    const grouped = candidates([live('c1', 'no'), live('c2', 'yes'), live('c3', 'no')])
    expect(grouped.map((c) => [c.value, c.by.map((b) => b.commit)])).toEqual([
      ['no', ['c1', 'c3']],
      ['yes', ['c2']],
    ])
  })

  it('are never taken to be equal once erased', () => {
    expect(candidates([live('c1', null, true), live('c2', null, true), live('c3', null)])).toHaveLength(3)
  })
})

it('a resolution names exactly what was drawn, each commit once', () => {
  const field: FieldRow = {
    entity: 'e',
    field: 'f',
    conflict: true,
    live: [live('c1', 'no'), live('c2', 'yes'), live('c2', 'na')],
  }
  const yes = candidates(field.live)[1]
  expect(yes && resolution(field, yes)).toEqual({ entity: 'e', field: 'f', keep: 'c2', over: ['c1', 'c2'] })
  expect(resolution(field, { value: null, erased: false, by: [] })).toBeNull()
})

it('groups keep the order in which they first appear', () => {
  expect(groupBy(['b1', 'a1', 'b2'], (s) => s.charAt(0))).toEqual([
    { key: 'b', rows: ['b1', 'b2'] },
    { key: 'a', rows: ['a1'] },
  ])
})

it('chains are ordered by number, a fork keeps both branches and marks the chain', () => {
  const commit = (chain: string, seq: number, id: string, forked = false) =>
    ({ chain, seq, commit: id, device: `d${chain}`, forked }) as CommitRow
  const [first, second] = chains([
    commit('1', 2, 'b', true),
    commit('2', 1, 'x'),
    commit('1', 2, 'a'),
    commit('1', 1, 'c'),
  ])
  expect(first).toMatchObject({ id: '1', device: 'd1', forked: true })
  expect(first?.commits.map((c) => c.commit)).toEqual(['c', 'a', 'b'])
  expect(second).toMatchObject({ id: '2', forked: false })
})

it('photos are counted by item', () => {
  const photo = (item: string | null) => ({ item }) as PhotoRow
  expect(photosByItem([photo(null), photo('I-1'), photo('I-2'), photo('I-1')])).toEqual(
    new Map([
      ['I-1', { count: 2, first: 1 }],
      ['I-2', { count: 1, first: 2 }],
    ]),
  )
})

it('an order that stands is overdue after its deadline, and not on its day', () => {
  const finding = (status: string, deadline: string) =>
    ({ status: { live: [live('c', status)] }, deadline: { live: [live('d', deadline)] } }) as Parameters<typeof isOverdue>[0]
  expect(isOverdue(finding('rectifying', '2020-02-04'), '2020-02-05')).toBe(true)
  expect(isOverdue(finding('rectifying', '2020-02-04'), '2020-02-04')).toBe(false)
  expect(isOverdue(finding('rectified', '2020-02-04'), '2020-02-05')).toBe(false)
  expect(isOverdue({ status: null, deadline: null }, '2020-02-05')).toBe(false)
})
