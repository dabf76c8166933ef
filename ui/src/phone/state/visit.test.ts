import { describe, expect, it } from 'vitest'
import { CallError, type SetAnswer, type VisitView } from '@/shared/backend'
import { fakeBackend, type Handlers } from '@/shared/backend/fake'
import { openVisit } from './visit'

/** A visit of one item; just what the session reads. */
const visitWith = (kind: 'yes' | 'no' | null, token: string) =>
  ({
    summary: { id: 'v', sealed: false },
    notes: [], note_token: 'n', readings: [], members: [], photos: [], documents: [],
    sections: [{
      id: 'S',
      items: [{ id: 'IC-01', answer: { value: kind && { kind }, token, conflict: [] }, notes: [], note_token: 'n1' }],
    }],
  }) as unknown as VisitView

function open(handlers: Handlers) {
  const { backend, asked, announce } = fakeBackend(handlers)
  const failures: string[] = []
  let recorded = 0
  const session = openVisit(backend, 'v', { recorded: () => (recorded += 1), failed: (code) => failures.push(code) })
  return { session, asked, announce, failures, recorded: () => recorded }
}

const drawn = { token: 't0', conflict: [] }

describe('an open visit', () => {
  it('marks a tap as pending until it is recorded, and draws the answer only then', async () => {
    let answer: (view: VisitView) => void = () => {}
    const { session, recorded } = open({
      visit_get: () => visitWith(null, 't0'),
      visit_answer: () => new Promise<VisitView>((resolve) => (answer = resolve)),
    })
    await session.reload()
    const tap = session.answer('IC-01', { kind: 'yes' }, drawn)
    await Promise.resolve()
    expect(session.pendingValue('answer:IC-01')).toEqual({ kind: 'yes' })
    expect(session.view.value?.sections[0]?.items[0]?.answer.value).toBeNull()
    expect(recorded()).toBe(0)

    await new Promise((resolve) => setTimeout(resolve))
    answer(visitWith('yes', 't1'))
    await tap
    expect(session.pending.size).toBe(0)
    expect(session.view.value?.sections[0]?.items[0]?.answer.value).toEqual({ kind: 'yes' })
    expect(recorded()).toBe(1)
  })

  it('says why something was not recorded, and keeps drawing what is', async () => {
    const { session, failures, recorded } = open({
      visit_get: () => visitWith('yes', 't0'),
      visit_answer: () => Promise.reject(new CallError({ code: 'disk_full', message: '' })),
    })
    await session.reload()
    await session.answer('IC-01', { kind: 'no' }, drawn)
    expect(failures).toEqual(['disk_full'])
    expect(recorded()).toBe(0)
    expect(session.view.value?.sections[0]?.items[0]?.answer.value).toEqual({ kind: 'yes' })
  })

  it('reads the visit again after a stale token', async () => {
    const { session, asked } = open({
      visit_get: () => visitWith('no', 't7'),
      visit_answer: () => Promise.reject(new CallError({ code: 'stale_token', message: '' })),
    })
    await session.answer('IC-01', { kind: 'yes' }, drawn)
    await session.settled()
    expect(asked.map((call) => call.name)).toEqual(['visit_answer', 'visit_get'])
    expect(session.view.value?.sections[0]?.items[0]?.answer.token).toBe('t7')
  })

  it('hands quick taps on, each over the one before', async () => {
    let n = 0
    const { session, asked } = open({ visit_answer: () => visitWith('no', `t${++n}`) })
    await Promise.all([
      session.answer('IC-01', { kind: 'yes' }, drawn),
      session.answer('IC-01', { kind: 'no' }, drawn),
    ])
    expect(asked.map((call) => (call.args as SetAnswer).token)).toEqual(['t0', 't1'])
  })

  it('hands in typed words before it is left', async () => {
    const { session, asked } = open({ visit_note: () => visitWith(null, 't0'), visit_leave: () => ({}) })
    session.onFlush(() => void session.note(null, '负责人未到场', { token: 'n', conflict: [] }))
    await session.leave()
    expect(asked.map((call) => call.name)).toEqual(['visit_note', 'visit_leave'])
  })

  it('says nothing to the officer when leaving fails: what was typed stays in the journal', async () => {
    const { session, failures } = open({})
    await session.leave()
    expect(failures).toEqual([])
  })
})
