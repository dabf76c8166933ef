import { expect, it } from 'vitest'
import { filtersOf, queryOf } from './filters'

it('filters survive the address bar', () => {
  const filters = { district: '140106', category: 'ICAFE', text: '星河 网吧', conflicts_only: true }
  expect(filtersOf(queryOf(filters))).toEqual(filters)
  expect(queryOf({ district: '', category: '', text: '  ', conflicts_only: false })).toEqual({})
})

it('a repeated or broken parameter filters nothing', () => {
  expect(filtersOf({ district: ['a', 'b'], text: null, conflicts: 'yes' })).toEqual({
    district: '',
    category: '',
    text: '',
    conflicts_only: false,
  })
})
