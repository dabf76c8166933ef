import { describe, expect, it } from 'vitest'
import type { HistoryPoint } from '@/shared/backend'
import { CHART, chartOf, dayText } from './chart'

const point = (at: string, temperature_dc: number) =>
  ({ at_ms: Date.parse(`${at}+08:00`), temperature_dc }) as HistoryPoint

describe('a chart of temperatures', () => {
  it('is nothing without a reading', () => expect(chartOf([], 373)).toBeUndefined())

  it('runs from the first day to the last one, in China', () => {
    const chart = chartOf([point('2020-02-03T00:10', 365), point('2020-02-04T23:50', 366)], 373)!
    expect(chart.days.map((tick) => tick.text)).toEqual(['02-03', '02-04'])
    expect(chart.days[0]?.at).toBe(CHART.left)
    const [first, second] = chart.dots
    expect(first!.x).toBeGreaterThan(CHART.left)
    expect(second!.x).toBeLessThan(CHART.width - CHART.right)
    expect(dayText(Date.parse('2020-02-03T16:00Z'))).toBe('02-04')
  })

  it('puts a fever above the line and a normal value below it', () => {
    const chart = chartOf([point('2020-02-03T08:00', 365), point('2020-02-03T09:00', 391)], 373)!
    const [normal, fever] = chart.dots
    expect(normal!.y).toBeGreaterThan(chart.abnormalY)
    expect(fever!.y).toBeLessThan(chart.abnormalY)
  })

  it('keeps what no body has within the chart, and few days below it', () => {
    const points = Array.from({ length: 30 }, (_, day) => point(`2020-03-${String(day + 1).padStart(2, '0')}T08:00`, day ? 365 : 10))
    const chart = chartOf(points, 373)!
    for (const dot of chart.dots) {
      expect(dot.y).toBeGreaterThanOrEqual(CHART.top)
      expect(dot.y).toBeLessThanOrEqual(CHART.height - CHART.bottom)
    }
    expect(chart.days.length).toBeLessThanOrEqual(4)
  })
})
