import { describe, expect, it } from 'vitest'
import { ref } from 'vue'
import type { PersonView, ReadingVerdict, RosterView } from '@/shared/backend'
import { CROWD, nextCode, nextRow, rosterRows, sequenceOf, useRosterPad, type RosterRow } from './roster'

const person = (subject: string | null, ...readings: string[]): PersonView =>
  ({ subject, readings, outcome: 'normal', open: false })
const roster = (...people: PersonView[]) => ({ people }) as unknown as RosterView
const keys = (rows: RosterRow[]) => rows.map((row) => row.key)

describe('the rows of a roster', () => {
  it('keeps the order of the labels and lets everybody be seen once', () => {
    const rows = rosterRows(['A', 'B', 'A'], roster(person('C', 'c1'), person(null, 'u1'), person('B', 'b1')))
    expect(rows.map((row) => [row.label, row.person?.readings[0]])).toEqual([
      ['A', undefined], ['B', 'b1'], ['C', 'c1'], [null, 'u1'],
    ])
  })

  it('shows two people of one label as two, and a person keeps the row when measured', () => {
    const before = rosterRows(['A'], roster())
    const after = rosterRows(['A'], roster(person('A', 'a1', 'a2'), person('A', 'x1')))
    expect(after).toHaveLength(2)
    expect(after[0]?.key).toBe(before[0]?.key)
    expect(new Set(keys(after)).size).toBe(2)
  })

  it('goes on with who is not measured, from the top when the end is reached', () => {
    const rows = rosterRows(['A', 'B', 'C'], roster(person('B', 'b1')))
    expect(nextRow(rows)?.label).toBe('A')
    expect(nextRow(rows, 'A#0')?.label).toBe('C')
    expect(nextRow(rows, 'C#0')?.label).toBe('A')
    expect(nextRow(rosterRows(['B'], roster(person('B', 'b1'))), 'B#0')).toBeUndefined()
  })

  it('counts the readings of a chain', () => {
    expect([undefined, person('A', '1'), person('A', '1', '2'), person('A', '1', '2', '3')].map(sequenceOf))
      .toEqual(['first', 'second', 'confirm', 'confirm'])
  })

  it('finds a code that nobody has', () => {
    expect(nextCode('员工', [])).toBe('员工1')
    expect(nextCode('员工', ['收银', '员工3'])).toBe('员工4')
  })
})

function setUp(verdicts: (ReadingVerdict | 'fails')[]) {
  const rows = ref<RosterRow[]>(rosterRows(['A', 'B', 'C'], roster()))
  const asked: (string | null)[][] = []
  const pad = useRosterPad(rows, async (row, dc, retest) => {
    await Promise.resolve()
    asked.push([row.label, String(dc), retest])
    const verdict = verdicts.shift() ?? 'normal'
    if (verdict === 'fails') return undefined
    const reading = `r${asked.length}`
    rows.value = rows.value.map((each) =>
      each.key === row.key
        ? { ...each, person: person(each.label, ...(each.person?.readings ?? []), reading) }
        : each)
    return { reading, verdict }
  })
  const type = async (digits: string) => {
    for (const digit of digits) await pad.digit(Number(digit))
  }
  return { pad, asked, type }
}

describe('the pad of a roster', () => {
  it('records with the third digit and moves on by itself until nobody is left', async () => {
    const { pad, asked, type } = setUp([])
    await type('365')
    expect(asked).toEqual([])
    pad.choose('A#0')
    await type('365366')
    expect(pad.current.value?.label).toBe('C')
    await type('364')
    expect(asked).toEqual([['A', '365', null], ['B', '366', null], ['C', '364', null]])
    expect(pad.current.value).toBeUndefined()
  })

  it('stops at a value that is not normal until the officer has decided', async () => {
    const { pad, asked, type } = setUp(['abnormal', 'normal'])
    pad.choose('A#0')
    await type('376366')
    expect(asked).toHaveLength(1)
    expect(pad.question.value).toMatchObject({ label: 'A', temperature_dc: 376, verdict: 'abnormal' })
    pad.retest()
    await type('368')
    expect(asked[1]).toEqual(['A', '368', 'r1'])
    expect(pad.current.value?.label).toBe('B')
  })

  it('goes on with the next person when told so', async () => {
    const { pad, asked, type } = setUp(['implausible'])
    pad.choose('A#0')
    await type('342')
    pad.advance()
    await type('366')
    expect(asked[1]).toEqual(['B', '366', null])
  })

  it('takes digits that came while it recorded for the next person, but never for a retest', async () => {
    const fast = setUp([])
    fast.pad.choose('A#0')
    await Promise.all([...'365366'].map((digit) => fast.pad.digit(Number(digit))))
    expect(fast.asked.map(([label, dc]) => [label, dc])).toEqual([['A', '365'], ['B', '366']])

    const stopped = setUp(['abnormal'])
    stopped.pad.choose('A#0')
    await Promise.all([...'37636'].map((digit) => stopped.pad.digit(Number(digit))))
    expect(stopped.asked).toHaveLength(1)
    expect(stopped.pad.pad.value.digits).toBe('')
  })

  it('stays with a person whose value was not recorded, and says so', async () => {
    const { pad, type } = setUp(['fails'])
    pad.choose('B#0')
    await type('365')
    expect(pad.failed.value).toEqual({ label: 'B', temperature_dc: 365 })
    expect(pad.current.value?.label).toBe('B')
    await type('365')
    expect(pad.failed.value).toBeUndefined()
  })

  it('repeats the newest reading of a person who is measured already', async () => {
    const { pad, asked, type } = setUp([])
    pad.choose('A#0')
    await type('365')
    pad.choose('A#0')
    expect(pad.retests.value).toBe(true)
    await type('366')
    expect(asked[1]).toEqual(['A', '366', 'r1'])
  })

  it('measures a crowd one after the other, without names', async () => {
    const { pad, asked, type } = setUp(['normal', 'abnormal', 'normal', 'normal'])
    pad.choose(CROWD)
    await type('365376')
    pad.retest()
    await type('369')
    await type('364')
    expect(asked).toEqual([[null, '365', null], [null, '376', null], [null, '369', 'r2'], [null, '364', null]])
  })
})
