import { describe, expect, it } from 'vitest'
import type { FieldRow, VisitConflicts } from '@/shared/backend/generated/console'
import { elsewhere, findingWords, questions } from './questions'

const field = (name: string, conflict: boolean): FieldRow => ({ entity: 'e', field: name, conflict, live: [] })
const words = { answer: (value: string, kind: string) => `${kind}:${value}`, finding: (field: string, value: string) => `${field}:${value}` }

const visit = {
  row: { conflicts: 6 },
  attributes: [field('mode', true)],
  members: [],
  answers: [{ item: 'A-01', zh: '甲', en: 'A', answer_kind: 'yes_no', shown: field('a/A-01', true) }],
  findings: [
    {
      id: 'f',
      item: 'A-02',
      item_zh: '乙',
      item_en: 'B',
      status: field('status', false),
      description: field('description', true),
    },
    { id: 'g', item: 'A-03', item_zh: '丙', item_en: 'C', status: field('status', true), description: null, deadline: field('deadline', true) },
  ],
} as unknown as VisitConflicts

describe('questions of a visit', () => {
  it('asks only what disagrees, answers first, each in its own words', () => {
    const asked = questions(visit, words)
    expect(asked.map((question) => [question.item, question.about])).toEqual([
      ['A-01', null],
      ['A-02', 'findings.description'],
      ['A-03', 'findings.status'],
      ['A-03', 'findings.deadline'],
    ])
    expect(asked.map((question) => question.words('x'))).toEqual(['yes_no:x', 'description:x', 'status:x', 'deadline:x'])
  })

  it('has words for what was ordered, and names another visit', () => {
    const say = { t: (key: string, values?: Record<string, unknown>) => `${key} ${values?.visit ?? ''}`, word: (group: string, code: string) => `${group}/${code}` }
    expect(findingWords('authority', 'transfer:fire', say)).toBe('authority/transfer:fire')
    expect(findingWords('deadline', '2020-02-04', say)).toBe('2020-02-04')
    expect(findingWords('recheck', '0123456789abcdef0123456789abcdef', say)).toBe('findings.recheck_in 0123456789ab')
  })

  it('counts what only the page of the visit can settle', () => {
    expect(elsewhere(visit)).toBe(1)
    expect(elsewhere({ ...visit, row: { ...visit.row, conflicts: 5 } })).toBe(0)
  })
})
