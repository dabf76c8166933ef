import type { Position } from '@/shared/backend'

export type PositionFailure = 'denied' | 'unavailable'

/** A position may be this old: an officer stands in one venue for minutes, and a cold start costs battery. */
const AGE_MAX_MS = 60_000

/** Where the phone is now, asked for at evidence moments only; waiting is bounded and never blocks a screen. */
export function currentPosition(timeoutMs: number): Promise<Position> {
  return new Promise((resolve, reject: (failure: PositionFailure) => void) => {
    if (!('geolocation' in navigator)) return reject('unavailable')
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        resolve({
          lat_e7: Math.round(coords.latitude * 1e7),
          lon_e7: Math.round(coords.longitude * 1e7),
          accuracy_m: Math.round(coords.accuracy),
        }),
      (failure) => reject(failure.code === failure.PERMISSION_DENIED ? 'denied' : 'unavailable'),
      { enableHighAccuracy: true, timeout: timeoutMs, maximumAge: AGE_MAX_MS },
    )
  })
}

/** The position, or none: what is recorded without a position is recorded all the same. */
export const positionOrNone = (timeoutMs: number): Promise<Position | null> =>
  currentPosition(timeoutMs).catch(() => null)
