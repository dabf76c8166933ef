// Formatting that needs words: the same pure functions, in the language of the screen.
import { useI18n } from 'vue-i18n'
import { useTexts } from '@/shared/i18n'
import { ApiError } from '../api'
import { reference } from '../reference'
import { celsius, coordinates } from './text'
import { offsetText, spanOf } from './time'

export function useFormat() {
  const { t, te } = useI18n()
  const texts = useTexts()

  const pick = (zh: string, en: string) => texts.pick({ zh, en })

  function span(ms: number, rounding: 'nearest' | 'up' = 'nearest') {
    const { amount, unit } = spanOf(ms, rounding)
    return t(`unit.${unit}`, { n: amount })
  }

  /** `± 2 s`, or that nobody knows: a phone that never met HQ has no stated uncertainty. */
  const uncertainty = (ms: number | null) =>
    ms === null ? t('time.uncertain') : t('time.within', { span: span(ms, 'up') })

  /** What HQ added to the phone's own time; a phone that never met HQ has nothing to be corrected by. */
  function correction(raw_ms: number, corrected_ms: number, uncertainty_ms: number | null) {
    if (uncertainty_ms === null && raw_ms === corrected_ms) return t('time.uncorrected')
    return offsetText(corrected_ms - raw_ms)
  }

  function clock(ahead_ms: number | null) {
    if (ahead_ms === null) return t('unknown')
    if (Math.abs(ahead_ms) < 50) return t('time.exact')
    return t(ahead_ms > 0 ? 'time.ahead' : 'time.behind', { span: span(ahead_ms) })
  }

  /** A code of the log in words; a code newer than this console is shown as it is. */
  const word = (group: string, code: string | null) => (code ? texts.word(`word.${group}`, code) : '')

  function answer(value: string, kind: string) {
    if (value === 'yes' || value === 'no' || value === 'na') return t(`word.answer.${value}`)
    // Whole numbers are tenths of a degree: the log has no fractions.
    if (kind === 'temperature' && /^-?\d+$/.test(value)) return celsius(Number(value))
    if (kind === 'percent' && /^-?\d+$/.test(value)) return `${value} %`
    return value
  }

  function place(lat_e7: number | null, lon_e7: number | null, accuracy_m: number | null) {
    if (lat_e7 === null || lon_e7 === null) return null
    const accuracy = accuracy_m === null ? '' : ` ± ${accuracy_m} m`
    return `${coordinates(lat_e7, lon_e7)}${accuracy}`
  }

  const list = (names: string[]) => names.join(t('common.listSeparator'))

  const category = (code: string) => named(reference.value.categories, code)
  const district = (code: string) => named(reference.value.districts, code)

  function named(list: Array<{ code: string; zh: string; en: string }>, code: string) {
    const found = list.find((entry) => entry.code === code)
    return found ? pick(found.zh, found.en) : code
  }

  function problem(error: unknown) {
    if (!(error instanceof ApiError)) return t('problem.internal')
    const key = `problem.${error.code}`
    const text = te(key) ? t(key) : t('problem.internal')
    return error.incident ? `${text} ${t('problem.incident', { incident: error.incident })}` : text
  }

  return { t, pick, span, uncertainty, correction, clock, word, answer, place, list, category, district, problem }
}
