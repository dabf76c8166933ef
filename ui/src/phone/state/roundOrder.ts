/** The order in which an officer wants to walk, kept on this phone alone: it is nobody else's business. */
const SLOT = 'xuncha.round'

export function readOrder(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(SLOT) ?? '[]')
    return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : []
  } catch {
    return []
  }
}

export function writeOrder(ids: string[]) {
  try {
    localStorage.setItem(SLOT, JSON.stringify(ids))
  } catch {
    // Where nothing is kept the round is suggested anew next time.
  }
}

/** Things in the officer's order; what that does not know follows as it was suggested. */
export function inOrder<T>(things: T[], own: string[], id: (thing: T) => string): T[] {
  const place = (thing: T) => {
    const at = own.indexOf(id(thing))
    return at < 0 ? own.length : at
  }
  return things.map((thing, at) => ({ thing, at })).sort((a, b) => place(a.thing) - place(b.thing) || a.at - b.at).map((each) => each.thing)
}

/** With one of them a place earlier or later. */
export function moved(ids: string[], at: number, by: -1 | 1): string[] {
  const next = [...ids]
  const [one] = next.splice(at, 1)
  if (one !== undefined) next.splice(at + by, 0, one)
  return next
}
