// What is asked of the person who settles the conflicts of one visit.
import type { FieldRow, SettledConflict, VisitConflicts } from '@/shared/backend/generated/console'

export interface Question {
  item: string
  zh: string
  en: string
  /** Text key of what about the item disagrees; null for its answer. */
  about: string | null
  field: FieldRow
  words: (value: string) => string
}

/** How values read in the language of the screen. */
export interface Words {
  answer: (value: string, kind: string) => string
  finding: (field: string, value: string) => string
}

/** What of a finding people can disagree on, in the order of the page. */
const PARTS = ['status', 'description', 'deadline', 'authority', 'recheck'] as const

/** Answers in the order of the checklist, then findings. */
export function questions(visit: VisitConflicts, words: Words): Question[] {
  const asked: Question[] = visit.answers.map((row) => ({
    item: row.item,
    zh: row.zh,
    en: row.en,
    about: null,
    field: row.shown,
    words: (value) => words.answer(value, row.answer_kind),
  }))
  for (const finding of visit.findings) {
    const about = { item: finding.item, zh: finding.item_zh, en: finding.item_en }
    for (const part of PARTS) {
      const field = finding[part]
      if (!field?.conflict) continue
      asked.push({ ...about, about: `findings.${part}`, field, words: (value) => words.finding(part, value) })
    }
  }
  return asked
}

/** Conflicts that only the visit's own page shows: facts that were corrected twice. */
export function elsewhere(visit: VisitConflicts): number {
  const here = questions(visit, { answer: (value) => value, finding: (_, value) => value }).length
  return Math.max(0, visit.row.conflicts - visit.attributes.length - here)
}

type Say = (key: string, values?: Record<string, unknown>) => string

/** The log's names of a visit's fields, and the word lists of their values. */
export const LISTS: Record<string, string> = { kind: 'kind', mode: 'mode', lead: 'lead_level', status: 'finding', authority: 'authority' }

/** A value of a finding in words. Another visit is told by the beginning of its id. */
export function findingWords(field: string, value: string, { t, word }: { t: Say; word: (group: string, code: string) => string }) {
  if (field === 'recheck') return t('findings.recheck_in', { visit: value.slice(0, 12) })
  const list = LISTS[field]
  return list ? word(list, value) : value
}

/** What a settled conflict was about. */
export function settledTitle(row: SettledConflict, { t, pick }: { t: Say; pick: (zh: string, en: string) => string }): string {
  const { field } = row.now
  if (row.member_name !== null) return t('attribute.member', { name: row.member_name })
  if (row.item) {
    const about = (PARTS as readonly string[]).includes(field) ? ` · ${t(`findings.${field}`)}` : ''
    return `${row.item} ${pick(row.zh, row.en)}${about}`
  }
  return t(`attribute.${field}`)
}

/** One of its values in words. */
export function settledWords(
  row: SettledConflict,
  value: string,
  { t, word, answer }: { t: Say; word: (group: string, code: string) => string; answer: (value: string, kind: string) => string },
): string {
  const { field } = row.now
  if (row.answer_kind) return answer(value, row.answer_kind)
  if (row.member_name !== null) return t(value === 'true' ? 'attribute.present' : 'attribute.absent')
  return findingWords(field, value, { t, word })
}
