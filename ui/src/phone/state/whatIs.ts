import type { useTexts } from '@/shared/i18n'

type Translate = ReturnType<typeof useTexts>['t']

/** "2 visits, 3 photos": what a number of records is, for a sentence; none when there is nothing. */
export function whatIs(t: Translate, visits: number, photos: number, others: number): string {
  const parts = [
    visits > 0 && t('sync.visits', { n: visits }, visits),
    photos > 0 && t('sync.photos', { n: photos }, photos),
    visits === 0 && photos === 0 && others > 0 && t('sync.others', { n: others }, others),
  ].filter(Boolean)
  return parts.join(t('common.listSeparator'))
}
