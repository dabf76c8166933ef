// What is asked of the person who settles the conflicts of one visit.
import type { FieldRow, VisitConflicts } from '@/shared/backend/generated/console'

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
  status: (value: string) => string
}

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
    if (finding.status?.conflict) {
      asked.push({ ...about, about: 'findings.status', field: finding.status, words: words.status })
    }
    if (finding.description?.conflict) {
      asked.push({ ...about, about: 'findings.description', field: finding.description, words: (value) => value })
    }
  }
  return asked
}

/** Conflicts that only the visit's own page shows: facts that were corrected twice. */
export function elsewhere(visit: VisitConflicts): number {
  const here = questions(visit, { answer: (value) => value, status: (value) => value }).length
  return Math.max(0, visit.row.conflicts - visit.attributes.length - here)
}
