// Filters live in the address, so that a filtered list can be kept, sent and returned to.
import type { LocationQuery } from 'vue-router'

export interface Filters {
  district: string
  category: string
  text: string
  conflicts_only: boolean
}

export function filtersOf(query: LocationQuery): Filters {
  const one = (name: string) => {
    const value = query[name]
    return typeof value === 'string' ? value : ''
  }
  return {
    district: one('district'),
    category: one('category'),
    text: one('text'),
    conflicts_only: one('conflicts') === '1',
  }
}

export function queryOf(filters: Filters): Record<string, string> {
  const query: Record<string, string> = {}
  if (filters.district) query.district = filters.district
  if (filters.category) query.category = filters.category
  if (filters.text.trim()) query.text = filters.text.trim()
  if (filters.conflicts_only) query.conflicts = '1'
  return query
}
