import type { ItemView, VisitView } from '@/shared/backend'

/** What an officer should know before sealing. None of it forbids the seal: the officer decides. */
export interface Missing {
  unanswered: ItemView[]
  critical: ItemView[]
  undescribed: ItemView[]
  withoutPhoto: ItemView[]
  withoutDeadline: ItemView[]
  conflicts: number
  noMembers: boolean
}

export const itemsOf = (view: VisitView): ItemView[] => view.sections.flatMap((section) => section.items)

export function missingIn(view: VisitView): Missing {
  const items = itemsOf(view)
  const unanswered = items.filter((item) => item.answer.value === null)
  // What was taken back needs neither words nor evidence, and is none.
  const failed = items.filter((item) => item.failed && !item.finding?.standing.retracted)
  return {
    unanswered,
    critical: unanswered.filter((item) => item.severity === 'critical'),
    undescribed: failed.filter((item) => !item.finding?.description.value?.trim()),
    withoutPhoto: failed.filter((item) => item.photos.every((photo) => photo.standing.retracted)),
    withoutDeadline: failed.filter(({ finding }) => finding?.status.value === 'rectifying' && !finding.deadline.value),
    conflicts: view.summary.conflicts,
    noMembers: !view.members.some((member) => member.present.value === true),
  }
}

export const isComplete = (missing: Missing): boolean =>
  missing.unanswered.length === 0 &&
  missing.undescribed.length === 0 &&
  missing.withoutPhoto.length === 0 &&
  missing.withoutDeadline.length === 0 &&
  missing.conflicts === 0 &&
  !missing.noMembers

/** What one tap may answer with yes, and what of the unanswered is looked at one by one: critical or with a value. */
export interface Rest {
  plain: ItemView[]
  apart: ItemView[]
}

export function restOf(view: VisitView): Rest {
  const unanswered = itemsOf(view).filter((item) => item.answer.value === null)
  const plain = (item: ItemView) =>
    item.severity !== 'critical' && (item.answer_kind === 'yes_no' || item.answer_kind === 'yes_no_na')
  return { plain: unanswered.filter(plain), apart: unanswered.filter((item) => !plain(item)) }
}
