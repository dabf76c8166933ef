// What is still on a phone, in words that do not lie: a phone that never reported is unknown, not empty.
import type { DeviceRow } from '@/shared/backend/generated/console'

export type Here =
  | { kind: 'unknown' }
  | { kind: 'nothing' }
  /** A count is null where only the other one was reported. */
  | { kind: 'some'; visits: number | null; photos: number | null; oldest_ms: number | null }

export function hereOf(device: DeviceRow): Here {
  const { visits_here: visits, photos_here: photos } = device
  if (visits === null && photos === null) return { kind: 'unknown' }
  if (visits === 0 && photos === 0) return { kind: 'nothing' }
  return { kind: 'some', visits, photos, oldest_ms: device.oldest_here_ms }
}
