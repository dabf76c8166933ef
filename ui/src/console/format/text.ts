import { degrees } from '@/shared/i18n/format'

/** The first characters of a hash or an id, enough to tell two apart on one screen; the whole one is a hover away. */
export function shortHash(hash: string, length = 10): string {
  return hash.length <= length + 2 ? hash : `${hash.slice(0, length)}…`
}

const UNITS = ['MB', 'GB', 'TB'] as const

/** The free space of a phone, from megabytes up: `19.6 GB`. */
export function space(bytes: number): string {
  let amount = bytes / 1e6
  let unit = 0
  while (amount >= 1_000 && unit < UNITS.length - 1) {
    amount /= 1_000
    unit += 1
  }
  return `${unit === 0 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[unit]}`
}

/** Tenths of a degree Celsius, as the log stores them. */
export const celsius = (dc: number) => `${degrees(dc)} °C`

/** WGS-84 with six places, about ten centimetres. */
export const coordinates = (lat_e7: number, lon_e7: number) =>
  `${(lat_e7 / 1e7).toFixed(6)}, ${(lon_e7 / 1e7).toFixed(6)}`
