import { describe, expect, it } from 'vitest'
import type { Answer, ItemView, Shown, Standing, VisitView } from '@/shared/backend'
import { isComplete, missingIn } from './missing'

const shown = <T>(value: T): Shown<T> => ({ value, erased: false, token: 't', conflict: [] })

const nothing: Shown<Answer> = { value: null, erased: false, token: 't', conflict: [] }

const item = (over: Partial<ItemView>): ItemView => ({
  id: 'IC-01', zh: '甲', en: 'a', severity: 'major', group: 'fire', answer_kind: 'yes_no', choices: [], unit: null,
  basis: [], evidence: [], handling: 'self', answer: shown({ kind: 'yes' }), failed: false, notes: [], note_token: 'n',
  finding: null, photos: [], ...over,
})

const standing: Standing = {
  basis: '', token: '', reason_token: '', retracted: false, because: null, news: 0, disputed: false, by: null,
}

const unset = { value: null, erased: false, token: 't', conflict: [] }
const findingOf = (status: string, deadline: string | null) => ({
  id: 'f', status: shown(status), description: shown('  '), deadline: { ...unset, value: deadline }, overdue: false,
  authority: unset, recheck: unset, standing,
})

const visit = (items: ItemView[], over: { present?: boolean; conflicts?: number } = {}) =>
  ({
    summary: { conflicts: over.conflicts ?? 0 },
    sections: [{ id: 'S', zh: '', en: '', items }],
    members: [{ officer: { id: 'o' }, present: shown(over.present ?? true) }],
  }) as unknown as VisitView

describe('what is missing before the seal', () => {
  it('is nothing when all is answered and nothing failed', () => {
    expect(isComplete(missingIn(visit([item({})])))).toBe(true)
  })

  it('names unanswered items, critical ones apart', () => {
    const missing = missingIn(visit([item({ answer: nothing }), item({ answer: nothing, severity: 'critical' })]))
    expect([missing.unanswered.length, missing.critical.length]).toEqual([2, 1])
    expect(isComplete(missing)).toBe(false)
  })

  it('wants a description and a photo for what failed, and takes blanks for none', () => {
    const finding = findingOf('open', null)
    const missing = missingIn(visit([item({ failed: true, finding })]))
    expect([missing.undescribed.length, missing.withoutPhoto.length]).toEqual([1, 1])
    const taken_back = { ...finding, standing: { ...standing, retracted: true } }
    const none = missingIn(visit([item({ failed: true, finding: taken_back })]))
    expect([none.undescribed.length, none.withoutPhoto.length]).toEqual([0, 0])
  })

  it('wants the deadline of an order, and of nothing else', () => {
    const without = (finding: ItemView['finding']) => missingIn(visit([item({ failed: true, finding })])).withoutDeadline.length
    expect(without(findingOf('rectifying', null))).toBe(1)
    expect(without(findingOf('rectifying', '2020-02-04'))).toBe(0)
    expect(without(findingOf('open', null))).toBe(0)
  })

  it('mentions conflicts and a visit without officers', () => {
    expect(isComplete(missingIn(visit([item({})], { conflicts: 1 })))).toBe(false)
    expect(missingIn(visit([item({})], { present: false })).noMembers).toBe(true)
  })
})
