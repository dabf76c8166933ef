import type { MapBounds } from '@/shared/backend'

/** Where the officer last looked, and whether at the list or at the map: kept while the app is open. */
export const lastLook: { shown: 'list' | 'map'; at?: { center: [number, number]; zoom: number } } = { shown: 'list' }

const E7 = 1e7
const e7 = (degrees: number, max: number) => Math.round(Math.min(Math.max(degrees, -max), max) * E7)

interface Corners {
  getSouth(): number
  getWest(): number
  getNorth(): number
  getEast(): number
}

/** What a map shows, as the engine takes it. */
export const boundsOf = (corners: Corners): MapBounds => ({
  south_e7: e7(corners.getSouth(), 90),
  west_e7: e7(corners.getWest(), 180),
  north_e7: e7(corners.getNorth(), 90),
  east_e7: e7(corners.getEast(), 180),
})

/** The same as MapLibre takes it: west, south, east, north in degrees. */
export const cornersOf = (bounds: MapBounds): [number, number, number, number] => [
  bounds.west_e7 / E7,
  bounds.south_e7 / E7,
  bounds.east_e7 / E7,
  bounds.north_e7 / E7,
]

/** Whether what a mark stands for is so near together that no zoom takes it apart: some ten metres. */
export const oneSpot = (bounds: MapBounds): boolean =>
  bounds.north_e7 - bounds.south_e7 < 1_000 && bounds.east_e7 - bounds.west_e7 < 1_000

export const degrees = (at: { lat_e7: number; lon_e7: number }): [number, number] => [at.lon_e7 / E7, at.lat_e7 / E7]
