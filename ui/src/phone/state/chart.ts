import type { HistoryPoint } from '@/shared/backend'

/** A chart of temperatures in its own units: as wide as a phone is in CSS pixels, text inside included. */
export const CHART = { width: 340, height: 200, left: 34, right: 8, top: 8, bottom: 22 }

export interface Dot {
  x: number
  y: number
  point: HistoryPoint
}

export interface Tick {
  at: number
  text: string
}

export interface Chart {
  dots: Dot[]
  /** Degrees at the left, days below. */
  degrees: Tick[]
  days: Tick[]
  /** Where a reading begins to be abnormal. */
  abnormalY: number
}

/** Every body that is alive lies between these; what does not is drawn at the edge. Tenths of a degree. */
const LOWEST = 350
const HIGHEST = 420
/** The usual range is always shown, so that a quiet chart looks quiet. */
const USUAL = { low: 355, high: 380 }
const DAY_MS = 86_400_000
const DAYS_SHOWN = 4
/** China has one time zone, all year. */
const CHINA_MS = 8 * 3_600_000

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high)

/** The day in China that a moment belongs to, counted from 1970. */
const dayOf = (ms: number) => Math.floor((ms + CHINA_MS) / DAY_MS)

/** `02-04` */
export const dayText = (ms: number): string => new Date(ms + CHINA_MS).toISOString().slice(5, 10)

/** Places points, oldest first; time runs to the right. Nothing for no points. */
export function chartOf(points: readonly HistoryPoint[], abnormal_at_dc: number): Chart | undefined {
  const first = points[0]
  const last = points.at(-1)
  if (!first || !last) return undefined
  const values = points.map((point) => clamp(point.temperature_dc, LOWEST, HIGHEST))
  const low = Math.min(USUAL.low, ...values)
  const high = Math.max(USUAL.high, ...values)
  const [fromDay, toDay] = [dayOf(first.at_ms), dayOf(last.at_ms) + 1]
  const fromMs = fromDay * DAY_MS - CHINA_MS
  const spanMs = (toDay - fromDay) * DAY_MS
  const x = (ms: number) =>
    CHART.left + ((ms - fromMs) / spanMs) * (CHART.width - CHART.left - CHART.right)
  const y = (dc: number) =>
    CHART.top + ((high - clamp(dc, low, high)) / (high - low)) * (CHART.height - CHART.top - CHART.bottom)

  const degrees: Tick[] = []
  const step = high - low > 40 ? 20 : 10
  for (let dc = Math.ceil(low / step) * step; dc <= high; dc += step) degrees.push({ at: y(dc), text: String(dc / 10) })
  const every = Math.ceil((toDay - fromDay) / DAYS_SHOWN)
  const days: Tick[] = []
  for (let day = fromDay; day < toDay; day += every) {
    const ms = day * DAY_MS - CHINA_MS
    days.push({ at: x(ms), text: dayText(ms) })
  }
  return {
    dots: points.map((point) => ({ x: x(point.at_ms), y: y(point.temperature_dc), point })),
    degrees,
    days,
    abnormalY: y(abnormal_at_dc),
  }
}
