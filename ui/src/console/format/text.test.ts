import { expect, it } from 'vitest'
import { celsius, coordinates, shortHash, space } from './text'

it('shortens a hash only when that saves something', () => {
  expect(shortHash('0123456789abcdef')).toBe('0123456789…')
  expect(shortHash('0123456789ab')).toBe('0123456789ab')
  expect(shortHash('')).toBe('')
})

it('writes space, degrees and places', () => {
  expect([0, 572e6, 19.6e9, 2e12, 5e15].map(space)).toEqual(['0 MB', '572 MB', '19.6 GB', '2.0 TB', '5000.0 TB'])
  expect([365, 373, -50].map(celsius)).toEqual(['36.5 °C', '37.3 °C', '-5.0 °C'])
  expect(coordinates(378_700_000, 1_125_500_001)).toBe('37.870000, 112.550000')
})
