import { expect, it } from 'vitest'
import { bytes, celsius, coordinates, distance, shortHash } from './text'

it('shortens a hash only when that saves something', () => {
  expect(shortHash('0123456789abcdef')).toBe('0123456789…')
  expect(shortHash('0123456789ab')).toBe('0123456789ab')
  expect(shortHash('')).toBe('')
})

it('writes sizes, degrees, places and distances', () => {
  expect([0, 1023, 1536, 3_565_158, 250 * 1024 * 1024].map(bytes)).toEqual(['0 B', '1023 B', '1.5 KB', '3.4 MB', '250 MB'])
  expect([365, 373, -50].map(celsius)).toEqual(['36.5 °C', '37.3 °C', '-5.0 °C'])
  expect(coordinates(378_700_000, 1_125_500_001)).toBe('37.870000, 112.550000')
  expect([0, 999, 1_000, 12_340].map(distance)).toEqual(['0 m', '999 m', '1.0 km', '12.3 km'])
})
