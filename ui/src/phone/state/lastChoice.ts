import type { LeadLevel, VisitKind, VisitMode } from '@/shared/backend'
import { kinds, leadLevels, modes } from './visitWords'

/** What a visit is begun as. */
export interface Choice {
  purpose: string
  kind: VisitKind
  mode: VisitMode
  lead: LeadLevel
}

const SLOT = 'xuncha.last-choice'

/** How this phone began its last visit; none when that is not kept, or holds a word that is no longer one. */
export function lastChoice(): Choice | undefined {
  try {
    const { purpose, kind, mode, lead } = JSON.parse(localStorage.getItem(SLOT) ?? '{}') as Partial<Choice>
    if (typeof purpose !== 'string' || !kind || !mode || !lead) return undefined
    const known = kinds.includes(kind) && modes.includes(mode) && leadLevels.includes(lead)
    return known ? { purpose, kind, mode, lead } : undefined
  } catch {
    return undefined
  }
}

/** A convenience: where it cannot be kept, the officer chooses again. */
export function keepChoice(choice: Choice) {
  try {
    localStorage.setItem(SLOT, JSON.stringify(choice))
  } catch {
    // Private windows and full disks.
  }
}
