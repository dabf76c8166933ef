/**
 * What the temperature pad holds. A body temperature is three digits, 3-6-5 for 36.5 °C, so the third digit completes it
 * and the first digit of the next one saves it: three taps a person. Air may be below zero and have fewer digits.
 */
export interface Pad {
  digits: string
  negative: boolean
}

export const emptyPad: Pad = { digits: '', negative: false }

const DIGITS_MAX = 3

export const isAir = (site: string): boolean => site === 'air'

/** Whether the entry is a whole body temperature, so that a further digit begins the next one. */
export const isFull = (pad: Pad): boolean => pad.digits.length === DIGITS_MAX

/** Tenths of a degree, or nothing while the entry is not yet a temperature. */
export function tenths(pad: Pad, site: string): number | undefined {
  const enough = isAir(site) ? pad.digits.length > 0 : isFull(pad)
  if (!enough) return undefined
  const value = Number(pad.digits)
  return pad.negative && isAir(site) && value !== 0 ? -value : value
}

/** Adds a digit; a full pad ignores it. A person's temperature begins with 3 or 4. */
export function press(pad: Pad, digit: number, site: string): Pad {
  if (isFull(pad)) return pad
  if (!isAir(site) && pad.digits === '' && digit !== 3 && digit !== 4) return pad
  return { ...pad, digits: pad.digits + digit }
}

export const erase = (pad: Pad): Pad => ({ ...pad, digits: pad.digits.slice(0, -1) })

export const flip = (pad: Pad): Pad => ({ ...pad, negative: !pad.negative })

/** The entry as it grows: `3–.–`, `36.–`, `36.5`; for air `0.8`, `-8.5`. */
export function face(pad: Pad, site: string): string {
  if (isAir(site)) {
    const padded = pad.digits.padStart(2, '0')
    const sign = pad.negative ? '-' : ''
    return pad.digits === '' ? `${sign}–.–` : `${sign}${Number(padded.slice(0, -1))}.${padded.slice(-1)}`
  }
  const slots = pad.digits.padEnd(DIGITS_MAX, '–')
  return `${slots.slice(0, 2)}.${slots.slice(2)}`
}

/** `36.5`, `36,5` or `36` typed in a field as tenths; nothing when it is no such number. */
export function parseDegrees(text: string): number | undefined {
  const match = /^\s*([-−]?)(\d{1,3})(?:[.,．。](\d))?\s*$/.exec(text)
  if (!match) return undefined
  const value = Number(match[2]) * 10 + Number(match[3] ?? 0)
  return match[1] && value !== 0 ? -value : value
}
