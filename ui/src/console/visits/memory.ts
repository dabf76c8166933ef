// The list as it was left for a visit, so that coming back draws it at once and lands on the same row. It hangs on the
// session object and is gone with it.
import type { Session } from '@/shared/backend/generated/console'
import { session } from '../session'
import type { VisitList } from './list'

const left = new WeakMap<Session, { filters: string; list: VisitList }>()

export function remember(filters: string, list: VisitList) {
  if (session.value) left.set(session.value, { filters, list })
}

/** The list as last seen under the same filters. */
export function recall(filters: string): VisitList | null {
  const known = session.value && left.get(session.value)
  return known && known.filters === filters ? known.list : null
}
