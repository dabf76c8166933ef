/** Ink of a signature: strokes from pen down to pen up, points from the top left of a pad of fixed size. */
export type Point = [number, number]
export type Strokes = Point[][]

export const PAD = { width: 1000, height: 400 }
/** What one signature may hold; the engine refuses more. */
export const POINTS_MAX = 600
/** A finger's jitter: nearer points say nothing. */
const NEAR = 6

/** A place of the drawn field as a point of the pad; what lies outside is moved to its edge. */
export function onPad(x: number, y: number, width: number, height: number): Point {
  const scaled = (at: number, of: number, to: number) => Math.round(Math.min(Math.max(at / (of || 1), 0), 1) * to)
  return [scaled(x, width, PAD.width), scaled(y, height, PAD.height)]
}

/** The ink with one more point. */
export function added(strokes: Strokes, at: Point, penDown: boolean): Strokes {
  if (penDown) return fitting([...strokes, [at]])
  const last = strokes.at(-1)
  const before = last?.at(-1)
  if (!last || !before || Math.hypot(at[0] - before[0], at[1] - before[1]) < NEAR) return strokes
  return fitting([...strokes.slice(0, -1), [...last, at]])
}

/** A long signature is drawn coarser: every second point between the ends of a stroke goes. */
function fitting(strokes: Strokes): Strokes {
  let ink = strokes
  let before = Infinity
  while (count(ink) > POINTS_MAX && count(ink) < before) {
    before = count(ink)
    ink = ink.map((stroke) => stroke.filter((_, i) => i % 2 === 0 || i === stroke.length - 1))
  }
  // Only dots: what does not fit is left out.
  return count(ink) > POINTS_MAX ? ink.slice(0, -1) : ink
}

const count = (strokes: Strokes) => strokes.reduce((sum, stroke) => sum + stroke.length, 0)
