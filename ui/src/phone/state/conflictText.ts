import type { Candidate, ConflictAbout, FieldValue, VisitMention, WrittenAt } from '@/shared/backend'
import { clock, degrees, metres } from '@/shared/i18n/format'
import { answerText } from './answerText'

export interface Words {
  t: (key: string, values?: Record<string, unknown>) => string
  word: (group: string, code: string) => string
  pick: (both: { zh: string; en: string }) => string
}

/** What a conflict is about: the item's words, or the part of the visit. */
export function aboutText({ part, item, officer_name }: ConflictAbout, { t, pick }: Words): string {
  const subject = item ? `${item.id} ${pick(item)}`.trim() : officer_name
  if (part === 'answer') return subject ?? t('conflicts.part.answer')
  return [t(`conflicts.part.${part}`), subject].filter(Boolean).join(' · ')
}

const LISTS: Partial<Record<ConflictAbout['part'], string>> = {
  kind: 'kind',
  mode: 'mode',
  lead_level: 'lead',
  finding_status: 'findingStatus',
  finding_authority: 'handling',
  reading_step: 'stepSaid',
}

/** One of the values of a conflict in words. */
export function valueText(value: FieldValue, about: ConflictAbout, words: Words): string {
  const { t, word } = words
  switch (value.kind) {
    case 'answer':
      return answerText(value.value, about.item ?? { unit: null, choices: [] }, words)
    case 'word':
      return word(LISTS[about.part] ?? '', value.value)
    case 'present':
      return t(value.value ? 'member.present' : 'member.absent')
    case 'text':
      return value.value || t('common.none')
    case 'reading':
      return [`${degrees(value.value.temperature_dc)} °C`, value.value.subject, word('site', value.value.site)]
        .filter(Boolean)
        .join(' · ')
    case 'visit':
      return visitText(value.value, words)
    case 'erased':
      return t('conflicts.erased')
    case 'unknown':
      return t('conflicts.unknown')
  }
}

/** Another visit, by when it began. */
export function visitText({ started_ms }: VisitMention, { t }: Pick<Words, 't'>): string {
  return started_ms === null ? t('finding.visitElsewhere') : t('finding.visitOf', { time: clock(started_ms) })
}

/** Where a value was written; null when nobody knows. */
export function placeText(place: WrittenAt | null, { t }: Pick<Words, 't'>): string | null {
  if (!place) return null
  if (place.at_hq) return t('conflicts.atHq')
  const { position, distance_m } = place
  if (!position) return null
  if (distance_m !== null) return t('conflicts.fromVenue', { distance: metres(distance_m), m: position.accuracy_m })
  const degree = (e7: number) => (e7 / 1e7).toFixed(5)
  return t('conflicts.at', { lat: degree(position.lat_e7), lon: degree(position.lon_e7), m: position.accuracy_m })
}

type By = Pick<Candidate<unknown>, 'mine' | 'officer_name' | 'at_ms' | 'place'>

/** Whose word it is. Console users of HQ have no name on a phone. */
export function whoText(by: By, { t }: Pick<Words, 't'>): string {
  return by.mine ? t('conflict.mine') : by.officer_name || (by.place?.at_hq ? t('conflicts.atHq') : '')
}

/** Author, time and place, as far as they are known. */
export function writtenText(by: By, words: Pick<Words, 't'>): string {
  const named = by.mine || by.officer_name !== ''
  const place = named || !by.place?.at_hq ? placeText(by.place, words) : null
  return [whoText(by, words), clock(by.at_ms), place].filter(Boolean).join(' · ')
}
