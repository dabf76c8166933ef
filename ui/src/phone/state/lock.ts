import { span } from '@/shared/i18n/format'
import type { Lang } from '@/shared/i18n'

/** As the engine has it, which decides. */
export const PIN_DIGITS_MIN = 6
export const PIN_DIGITS_MAX = 12

/** What keeps a new PIN from being saved; whether it is too plain, the engine says. */
export function pinProblem(pin: string, repeat: string): 'digits' | 'differs' | undefined {
  if (!/^\d+$/.test(pin) || pin.length < PIN_DIGITS_MIN || pin.length > PIN_DIGITS_MAX) return 'digits'
  if (pin !== repeat) return repeat.length < pin.length && pin.startsWith(repeat) ? 'digits' : 'differs'
  return undefined
}

/** A wait as a person says it: whole minutes, or seconds below one; never shorter than it is. */
export function waitText(ms: number, lang: Lang): string {
  const seconds = Math.ceil(ms / 1_000)
  if (seconds > 60) return span(Math.ceil(seconds / 60) * 60_000, lang)
  return new Intl.NumberFormat(lang, { style: 'unit', unit: 'second', unitDisplay: 'short' }).format(seconds)
}
