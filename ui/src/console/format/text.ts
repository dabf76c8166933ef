/** The first characters of a hash or an id, enough to tell two apart on one screen; the whole one is a hover away. */
export function shortHash(hash: string, length = 10): string {
  return hash.length <= length + 2 ? hash : `${hash.slice(0, length)}…`
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** Sizes as a person reads them: `3.4 MB`. */
export function bytes(count: number): string {
  let amount = count
  let unit = 0
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024
    unit += 1
  }
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[unit]}`
}

/** Tenths of a degree Celsius, as the log stores them. */
export const celsius = (dc: number) => `${(dc / 10).toFixed(1)} °C`

/** WGS-84 with six places, about ten centimetres. */
export const coordinates = (lat_e7: number, lon_e7: number) => `${(lat_e7 / 1e7).toFixed(6)}, ${(lon_e7 / 1e7).toFixed(6)}`

/** Metres below a kilometre. */
export function distance(metres: number): string {
  return metres < 1_000 ? `${metres} m` : `${(metres / 1_000).toFixed(1)} km`
}
