// How HQ writes time. All of China keeps one civil time, so a console whose PC is set to another zone must not shift a
// record: every stamp is Beijing time, whatever the machine thinks.

export const TIME_ZONE = 'Asia/Shanghai'

const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone: TIME_ZONE,
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

/** `2026-11-24 13:05:09` in Beijing time. */
export function stamp(ms: number): string {
  const date = new Date(ms)
  // Beyond what a calendar can hold: a phone may claim anything.
  if (Number.isNaN(date.getTime())) return `${ms} ms`
  const p = Object.fromEntries(parts.formatToParts(date).map(({ type, value }) => [type, value]))
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}`
}

/** `11-24 13:05`; with the year when it is not that of `now_ms`. */
export function shortStamp(ms: number, now_ms: number): string {
  const full = stamp(ms)
  if (!/^\d{4}-/.test(full)) return full
  return full.slice(0, 5) === stamp(now_ms).slice(0, 5) ? full.slice(5, 16) : full.slice(0, 16)
}

export type SpanUnit = 's' | 'min' | 'h' | 'd'

export interface Span {
  amount: string
  unit: SpanUnit
}

/**
 * A length of time in the largest unit that keeps it legible. `up` never states less than there is: an uncertainty that is
 * rounded down would claim a precision that the phone did not have.
 */
export function spanOf(ms: number, rounding: 'nearest' | 'up' = 'nearest'): Span {
  const round = rounding === 'up' ? Math.ceil : Math.round
  const length = Math.abs(ms)
  const tenths = round(length / 100)
  if (tenths < 100) return { amount: tenthsText(tenths), unit: 's' }
  const seconds = round(length / 1_000)
  if (seconds < 120) return { amount: String(seconds), unit: 's' }
  const minutes = round(length / 60_000)
  if (minutes < 120) return { amount: String(minutes), unit: 'min' }
  const hours = round(length / 3_600_000)
  if (hours < 48) return { amount: String(hours), unit: 'h' }
  return { amount: String(round(length / 86_400_000)), unit: 'd' }
}

/** What was added to a clock, exact to the second: `+2:10:00`, `−0:03:12`; below a minute to the tenth: `+2.3 s`. */
export function offsetText(ms: number): string {
  const tenths = Math.round(Math.abs(ms) / 100)
  if (tenths === 0) return '0 s'
  const sign = ms < 0 ? '−' : '+'
  if (tenths < 600) return `${sign}${tenthsText(tenths)} s`
  const seconds = Math.round(Math.abs(ms) / 1_000)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${sign}${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

const tenthsText = (tenths: number) => (tenths % 10 === 0 ? String(tenths / 10) : (tenths / 10).toFixed(1))

/** The day in China of a moment, such as `2020-02-04`: one zone, all year. */
export function dayInChina(ms: number): string {
  return new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10)
}
