import { computed, inject, reactive, ref, shallowRef, type InjectionKey } from 'vue'
import {
  CallError,
  type Answer,
  type Backend,
  type ChecklistChange,
  type ErrorCode,
  type ItemView,
  type ImportView,
  type LeadLevel,
  type OpenFinding,
  type Position,
  type ReadingInput,
  type ReadingStep,
  type ReadingView,
  type Standing,
  type VisitKind,
  type VisitMode,
  type VisitView,
} from '@/shared/backend'
import { EditQueue, EditRefused, type Drawn } from './editQueue'
import { restOf } from './missing'
import { positionOrNone } from './position'

export type FailureCode = ErrorCode | 'unseen_value' | 'busy'

/** Evidence is not kept waiting for a satellite: after this long a photo goes without a position. */
const PHOTO_POSITION_MS = 1_500

/**
 * One open visit: what is drawn, the edits on their way, and the calls that make them.
 * `failed` is told of everything that was not recorded; `recorded` of everything that was.
 */
export function openVisit(
  backend: Backend,
  visit: string,
  told: { recorded: () => void; failed: (code: FailureCode) => void },
) {
  const view = shallowRef<VisitView>()
  const missing = ref<ErrorCode>()
  /** Values asked for and not yet recorded, by field. */
  const pending = reactive(new Map<string, { value: unknown; number: number }>())
  let asked = 0
  const flushers = new Set<() => void>()
  const queue = new EditQueue<VisitView>((next) => (view.value = next))

  async function edit<T>(
    field: string,
    value: T,
    drawn: Drawn,
    find: (view: VisitView) => Drawn | undefined,
    call: (token: string) => Promise<VisitView>,
  ): Promise<Drawn | undefined> {
    const number = ++asked
    pending.set(field, { value, number })
    try {
      const now = await queue.edit(field, drawn, find, call)
      told.recorded()
      return now
    } catch (thrown) {
      report(thrown)
      return undefined
    } finally {
      // A later tap on the same field has its own mark.
      if (pending.get(field)?.number === number) pending.delete(field)
    }
  }

  async function act(call: () => Promise<VisitView>): Promise<VisitView | undefined> {
    try {
      const next = await queue.act(call)
      told.recorded()
      return next
    } catch (thrown) {
      report(thrown)
      return undefined
    }
  }

  function report(thrown: unknown) {
    const code = thrown instanceof EditRefused ? thrown.code : CallError.from(thrown).code
    told.failed(code)
    // What was drawn is out of date: draw what is there now, so that the next tap is made on it.
    if (code === 'stale_token' || code === 'visit_sealed') void reload()
  }

  async function reload() {
    try {
      await queue.act(() => backend.call('visit_get', { visit }))
      missing.value = undefined
    } catch (thrown) {
      if (!view.value) missing.value = CallError.from(thrown).code
    }
  }

  const itemOf = (v: VisitView, id: string) => v.sections.flatMap((section) => section.items).find((i) => i.id === id)
  const myNote = (v: VisitView, item: string | null): Drawn | undefined => {
    const holder = item === null ? v : itemOf(v, item)
    const mine = holder?.notes.find((note) => note.mine)
    return mine?.text ?? (holder && { token: holder.note_token, conflict: [] })
  }

  return {
    id: visit,
    view,
    missing,
    pending,
    /** Once sealed, a visit is only read. */
    sealed: computed(() => view.value?.summary.sealed ?? false),
    reload,
    settled: () => queue.settled(),

    pendingValue: (field: string) => pending.get(field)?.value,

    answer: (item: string, answer: Answer, drawn: Drawn) =>
      edit(`answer:${item}`, answer, drawn, (v) => itemOf(v, item)?.answer, (token) =>
        backend.call('visit_answer', { visit, item, answer, token })),

    /** Answers these items with yes, but for those that were answered meanwhile. */
    answerRest: (items: ItemView[]) =>
      act(() => {
        const seen = new Set(items.map((item) => item.id))
        const left = view.value ? restOf(view.value).plain.filter((item) => seen.has(item.id)) : []
        const named = left.map((item) => ({ item: item.id, token: item.answer.token }))
        return backend.call('visit_answer_rest', { visit, items: named })
      }),

    /** Asks from now on what new visits ask, over the version that the change was shown against. */
    moveChecklist: ({ token, to }: ChecklistChange) =>
      act(() => backend.call('visit_checklist_move', { visit, token, to })),

    finding: (item: string, field: 'status' | 'description' | 'deadline' | 'authority', value: string, drawn: Drawn) =>
      edit(`finding:${item}:${field}`, value, drawn, (v) => itemOf(v, item)?.finding?.[field], (token) =>
        backend.call('finding_set', { visit, item, field, value, token })),

    /** What this visit found of an earlier one's finding, over what was drawn of it. */
    recheck: ({ visit: of, item, finding }: OpenFinding, outcome: string) =>
      act(() =>
        backend.call('finding_recheck', {
          visit, of, item, outcome, token: finding.status.token, recheck_token: finding.recheck.token,
        })),

    note: (item: string | null, text: string, drawn: Drawn) =>
      edit(`note:${item ?? ''}`, text, drawn, (v) => myNote(v, item), (token) =>
        backend.call('visit_note', { visit, item, text, token })),

    member: (officer: string, present: boolean, drawn: Drawn) =>
      edit(`member:${officer}`, present, drawn,
        (v) => v.members.find((member) => member.officer.id === officer)?.present, (token) =>
          backend.call('visit_member', { visit, officer, present, token })),

    set: (field: 'kind' | 'mode' | 'lead_level', value: VisitKind | VisitMode | LeadLevel, drawn: Drawn) =>
      edit(`visit:${field}`, value, drawn, (v) => v[field], (token) =>
        backend.call('visit_set', { visit, field, value, token })),

    position: (position: Position) => act(() => backend.call('visit_position', { visit, position })),

    /** `retest_of`: the reading that it repeats. */
    addReading: (reading: ReadingInput, retest_of: string | null = null) =>
      act(() => backend.call('reading_add', { visit, reading, retest_of })),

    /** Whether something was done about an abnormal reading. */
    readingStep: ({ id }: ReadingView, { step, done: drawn }: ReadingStep, done: boolean) =>
      edit(`step:${id}:${step}`, done, drawn,
        (v) => v.readings.find((row) => row.id === id)?.steps.find((each) => each.step === step)?.done, (token) =>
          backend.call('reading_step', { visit, id, step, done, token })),

    /** What was done about it, in words. */
    readingDone: ({ id }: ReadingView, text: string, drawn: Drawn) =>
      edit(`done:${id}`, text, drawn, (v) => v.readings.find((row) => row.id === id)?.done, (token) =>
        backend.call('reading_done', { visit, id, text, token })),

    correctReading: (drawn: ReadingView, reading: ReadingInput, reason: string) =>
      edit(`reading:${drawn.id}`, reading, drawn.reading, (v) => v.readings.find((row) => row.id === drawn.id)?.reading,
        (token) =>
          backend.call('reading_correct', {
            visit, id: drawn.id, reading, reason, token, reason_token: drawn.reason_token,
          })),

    /** Rejects with a `CallError` or `EditRefused`: the screen keeps the picture and says why it is not recorded. */
    async addPhoto(item: string | null, photo: Blob) {
      const position = await positionOrNone(PHOTO_POSITION_MS)
      await queue.act(() => backend.addPhoto({ visit, item, position }, photo))
      told.recorded()
    },

    /** Takes a thing back with its reason, or lets it stand again: over what was drawn of it. */
    retract: (entity: string, { basis, token, reason_token }: Standing, retracted: boolean, reason: string) =>
      act(() => backend.call('retract', { visit, entity, retracted, reason, basis, token, reason_token })),

    /** The same of everything that came from one file of a thermometer. */
    retractImport: ({ file, standing: { basis, token, reason_token } }: ImportView, retracted: boolean, reason: string) =>
      act(() => backend.call('import_retract', { visit, file, retracted, reason, basis, token, reason_token })),

    finish: () => act(() => backend.call('visit_finish', { visit })),

    /** A text field that holds typed words registers how to hand them in before the page goes away. */
    onFlush(flush: () => void) {
      flushers.add(flush)
      return () => flushers.delete(flush)
    },

    /** Hands in what is typed; after it the journal becomes a commit. */
    flush: () => flushers.forEach((flush) => flush()),

    async leave() {
      flushers.forEach((flush) => flush())
      await queue.settled()
      // Should this fail, the journal stays a journal: durable, and made a commit by the next boundary.
      await backend.call('visit_leave', { visit }).catch(() => undefined)
    },
  }
}

export type VisitSession = ReturnType<typeof openVisit>
export const visitKey: InjectionKey<VisitSession> = Symbol('visit')

export function useVisit(): VisitSession {
  const session = inject(visitKey)
  if (!session) throw new Error('no visit is open here')
  return session
}
