import { describe, expect, it } from 'vitest'
import type { VisitRow } from '@/shared/backend/generated/console'
import { arrivals, loadVisits, PAGE_ROWS, ROWS_MAX } from './list'

const row = (id: number, started_ms: number) => ({ id: `v${id}`, started_ms }) as VisitRow

/** HQ with these visits, newest first. */
function hq(visits: VisitRow[]) {
  const asked: Array<number | null> = []
  const page = async (before_ms: number | null, limit: number) => {
    asked.push(before_ms)
    const rows = visits.filter((v) => before_ms === null || v.started_ms < before_ms).slice(0, limit)
    return { rows, total: visits.length }
  }
  return { asked, page }
}

const many = (count: number, at = (i: number) => 1_000_000 - i * 10) =>
  Array.from({ length: count }, (_, i) => row(i, at(i)))

describe('loading', () => {
  it('takes one page when one was wanted', async () => {
    const { asked, page } = hq(many(250))
    const list = await loadVisits(page, PAGE_ROWS)
    expect(list).toMatchObject({ total: 250, more: true })
    expect(list.rows).toHaveLength(PAGE_ROWS)
    expect(asked).toEqual([null])
  })

  it('goes on to the end without losing or doubling a row', async () => {
    const visits = many(250)
    const list = await loadVisits(hq(visits).page, 300)
    expect(list.rows.map((r) => r.id)).toEqual(visits.map((r) => r.id))
    expect(list.more).toBe(false)
  })

  it('keeps visits that began in the same millisecond as the last of a page', async () => {
    const visits = many(130, (i) => (i < 95 ? 5_000 - i : 1_000 - Math.floor((i - 95) / 10)))
    const list = await loadVisits(hq(visits).page, 200)
    expect(new Set(list.rows.map((r) => r.id)).size).toBe(130)
  })

  it('stops at the limit, and when a whole page began at once', async () => {
    expect((await loadVisits(hq(many(5_000)).page, 9_999)).rows.length).toBeLessThan(ROWS_MAX + PAGE_ROWS)
    const stuck = await loadVisits(hq(many(300, () => 7)).page, 300)
    expect(stuck.rows).toHaveLength(PAGE_ROWS)
  })
})

it('what arrived is what was not there, and nothing at first', () => {
  const [a, b, c] = [row(1, 1), row(2, 2), row(3, 3)]
  expect(arrivals(null, [a, b]).size).toBe(0)
  expect([...arrivals([a, b], [c, b])]).toEqual(['v3'])
})
