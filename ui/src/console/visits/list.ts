// The list of visits as the screen holds it: newest first, grown page by page towards the past.
import type { VisitPage, VisitRow } from '@/shared/backend/generated/console'

export const PAGE_ROWS = 100
/** Beyond this a person filters instead of scrolling, and every piece of news would refetch all of it. */
export const ROWS_MAX = 1_000

export interface VisitList {
  rows: VisitRow[]
  total: number
  /** HQ has earlier ones. */
  more: boolean
}

/**
 * Fetches the newest rows until `wanted` are there, HQ has no more, or the limit is reached. Pages overlap by one
 * millisecond, so that visits that began at the same instant are never lost between two pages.
 */
export async function loadVisits(
  page: (before_ms: number | null, limit: number) => Promise<VisitPage>,
  wanted: number,
): Promise<VisitList> {
  const rows: VisitRow[] = []
  const seen = new Set<string>()
  let before_ms: number | null = null
  for (;;) {
    const { rows: next, total } = await page(before_ms, PAGE_ROWS)
    const fresh = next.filter((row) => !seen.has(row.id))
    for (const row of fresh) seen.add(row.id)
    rows.push(...fresh)
    const last = next.at(-1)
    const ended = next.length < PAGE_ROWS || fresh.length === 0 || last === undefined
    if (ended || rows.length >= Math.min(wanted, ROWS_MAX)) return { rows, total, more: !ended }
    before_ms = last.started_ms + 1
  }
}

/** Ids that were not there before; none on the first drawing, when everything is new. */
export function arrivals(before: VisitRow[] | null, now: VisitRow[]): Set<string> {
  if (before === null) return new Set()
  const known = new Set(before.map((row) => row.id))
  return new Set(now.filter((row) => !known.has(row.id)).map((row) => row.id))
}
