import { expect, it } from 'vitest'
import type { DeviceRow } from '@/shared/backend/generated/console'
import { hereOf } from './here'

const device = (visits_here: number | null, photos_here: number | null, oldest_here_ms: number | null = null) =>
  ({ visits_here, photos_here, oldest_here_ms }) as DeviceRow

it('a phone that never reported is unknown, not empty', () => {
  expect(hereOf(device(null, null))).toEqual({ kind: 'unknown' })
  expect(hereOf(device(0, 0))).toEqual({ kind: 'nothing' })
})

it('names what is there and since when', () => {
  expect(hereOf(device(2, 5, 9))).toEqual({ kind: 'some', visits: 2, photos: 5, oldest_ms: 9 })
  expect(hereOf(device(null, 1))).toEqual({ kind: 'some', visits: null, photos: 1, oldest_ms: null })
  expect(hereOf(device(0, 1))).toEqual({ kind: 'some', visits: 0, photos: 1, oldest_ms: null })
})
