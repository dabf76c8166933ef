import type { Lang } from './index'

const pad = (n: number) => String(n).padStart(2, '0')

/** `14:05` for today, `03-12 14:05` otherwise, in the phone's own zone. */
export function clock(ms: number, now = new Date()): string {
  const at = new Date(ms)
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`
  if (at.toDateString() === now.toDateString()) return time
  const day = `${pad(at.getMonth() + 1)}-${pad(at.getDate())}`
  return at.getFullYear() === now.getFullYear() ? `${day} ${time}` : `${at.getFullYear()}-${day} ${time}`
}

export function bytes(count: number): string {
  if (count < 1_000) return `${count} B`
  if (count < 1_000_000) return `${Math.round(count / 1_000)} kB`
  if (count < 1_000_000_000) return `${(count / 1_000_000).toFixed(1)} MB`
  return `${(count / 1_000_000_000).toFixed(1)} GB`
}

export const metres = (m: number): string => (m < 1_000 ? `${m} m` : `${(m / 1_000).toFixed(1)} km`)

/** `365` tenths of a degree as `36.5`. */
export function degrees(tenths: number): string {
  const sign = tenths < 0 ? '-' : ''
  return `${sign}${Math.trunc(Math.abs(tenths) / 10)}.${Math.abs(tenths) % 10}`
}

/** A length of time as a person says it, in the two largest units. */
export function span(ms: number, lang: Lang): string {
  const minutes = Math.round(Math.abs(ms) / 60_000)
  const [d, h, m] = [Math.floor(minutes / 1_440), Math.floor(minutes / 60) % 24, minutes % 60]
  const unit = (n: number, unit: 'day' | 'hour' | 'minute') =>
    n > 0 ? [new Intl.NumberFormat(lang, { style: 'unit', unit, unitDisplay: 'short' }).format(n)] : []
  const parts = [...unit(d, 'day'), ...unit(h, 'hour'), ...unit(m, 'minute')].slice(0, 2)
  return parts.join(' ')
}
