import { computed, ref, type Ref } from 'vue'
import type { PersonView, ReadingVerdict, RosterView } from '@/shared/backend'
import { emptyPad, erase, isFull, press, tenths, type Pad } from './pad'

/** Someone to be measured, or who was. A label is a role or a code; the crowd has none. */
export interface RosterRow {
  key: string
  label: string | null
  person?: PersonView
}

/** What was recorded, with the engine's verdict. */
export interface Recorded {
  reading: string
  verdict: ReadingVerdict
}

/** A value that was recorded and that the officer must decide about before going on. */
export interface Question extends Recorded {
  key: string
  label: string | null
  temperature_dc: number
}

export type Sequence = 'first' | 'second' | 'confirm'

/** People who nobody names are measured one after the other under this key. */
export const CROWD = 'crowd'

/**
 * The rows of a screen: everybody who is known by a label, measured or not, in the order of the labels, and after them
 * those who were measured without one.
 */
export function rosterRows(labels: readonly string[], roster: RosterView): RosterRow[] {
  const measured = roster.people.flatMap((person) => person.subject ?? [])
  const rows = [...new Set([...labels, ...measured])].flatMap((label): RosterRow[] => {
    const chains = roster.people.filter((person) => person.subject === label)
    const row = (person: PersonView | undefined, at: number) => ({ key: `${label}#${at}`, label, person })
    return chains.length ? chains.map(row) : [row(undefined, 0)]
  })
  const unnamed = roster.people.filter((person) => person.subject === null)
  return [...rows, ...unnamed.map((person) => ({ key: person.readings[0] ?? '', label: null, person }))]
}

/** Who is not measured yet, the next one after `key` first; nobody when all are. */
export function nextRow(rows: readonly RosterRow[], key?: string): RosterRow | undefined {
  const at = rows.findIndex((row) => row.key === key)
  const waits = (row: RosterRow) => !row.person && row.key !== key
  return rows.slice(at + 1).find(waits) ?? rows.find(waits)
}

/** Which reading of a chain the next one is. */
export const sequenceOf = (person?: PersonView): Sequence =>
  (['first', 'second', 'confirm'] as const)[Math.min(person?.readings.length ?? 0, 2)] ?? 'confirm'

/** `员工3` after `员工1` and `员工2`: a code that nobody on the list has. */
export function nextCode(stem: string, labels: readonly string[]): string {
  let n = labels.length + 1
  while (labels.includes(`${stem}${n}`)) n += 1
  return `${stem}${n}`
}

/**
 * The pad of a whole list: the third digit records and moves on to the next person. A value that is not normal stops
 * it, so that the next person's digits are never taken for a retest; the officer says how it goes on.
 */
export function useRosterPad(
  rows: Ref<readonly RosterRow[]>,
  record: (row: RosterRow, temperature_dc: number, retest_of: string | null) => Promise<Recorded | undefined>,
) {
  const pad = ref<Pad>(emptyPad)
  const key = ref<string>()
  const question = ref<Question>()
  /** The reading that the next one repeats; of a named person it is the newest of the chain by itself. */
  const repeats = ref<string>()
  const busy = ref(false)
  const failed = ref<{ label: string | null; temperature_dc: number }>()

  const crowd: RosterRow = { key: CROWD, label: null }
  const current = computed(() => (key.value === CROWD ? crowd : rows.value.find((row) => row.key === key.value)))
  const retestOf = () => repeats.value ?? current.value?.person?.readings.at(-1) ?? null

  function choose(next?: string) {
    key.value = next
    pad.value = emptyPad
    question.value = repeats.value = failed.value = undefined
  }

  const advance = () => choose(key.value === CROWD ? CROWD : nextRow(rows.value, key.value)?.key)

  async function digit(number: number) {
    if (!current.value || question.value) return
    pad.value = press(pad.value, number, '')
    if (isFull(pad.value) && !busy.value) await commit()
  }

  async function commit() {
    const row = current.value
    const temperature_dc = tenths(pad.value, '')
    if (!row || temperature_dc === undefined) return
    pad.value = emptyPad
    failed.value = undefined
    busy.value = true
    const done = await record(row, temperature_dc, retestOf())
    busy.value = false
    if (!done) {
      // What was typed meanwhile was meant for somebody else.
      pad.value = emptyPad
      failed.value = { label: row.label, temperature_dc }
    } else if (done.verdict === 'normal') {
      const typed = pad.value
      advance()
      pad.value = typed
      if (isFull(pad.value)) await commit()
    } else {
      pad.value = emptyPad
      question.value = { ...done, key: row.key, label: row.label, temperature_dc }
    }
  }

  /** The same person again. */
  function retest() {
    const asked = question.value
    if (!asked) return
    choose(asked.key)
    repeats.value = asked.reading
  }

  return {
    pad,
    current,
    question,
    failed,
    busy,
    retests: computed(() => retestOf() !== null),
    choose,
    advance,
    retest,
    digit,
    erase: () => (pad.value = erase(pad.value)),
  }
}

export type RosterPad = ReturnType<typeof useRosterPad>
