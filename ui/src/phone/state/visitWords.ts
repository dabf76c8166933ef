import type { LeadLevel, VisitKind, VisitMode } from '@/shared/backend'

export const kinds: VisitKind[] = ['inspection', 'survey', 'patrol', 'recheck', 'closure_check']
export const modes: VisitMode[] = ['on_site', 'phone', 'online']
export const leadLevels: LeadLevel[] = ['bureau', 'brigade', 'district']

/** The buttons of one choice; `group` names both the words and the tests' ids. */
export const options = <T extends string>(
  group: 'kind' | 'mode' | 'lead',
  values: T[],
  word: (group: string, code: string) => string,
) => values.map((value) => ({ value, text: word(group, value), testid: `${group}-${value}` }))

/** Of the states of the machine `temperature_outcome`. */
export const OUTCOME_TONES: Record<string, string> = {
  normal: 'ok', retest_normal: 'ok', implausible: 'warn', suspect: 'bad', confirmed: 'bad', referred: 'bad',
}
