/** Somebody's work in this app. */
export interface Work {
  kind: 'rust' | 'npm' | 'font'
  name: string
  version: string
  /** As its package says, mostly an SPDX expression. */
  licence: string
  /** Which of the texts it brings. */
  texts: number[]
}

export interface Licences {
  works: Work[]
  texts: string[]
}

/** Rows that a page draws at once; a search narrows them down. */
export const SHOWN_MAX = 60

/** Those whose name or licence holds every word. */
export function findWorks(works: Work[], asked: string): Work[] {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean)
  return works.filter(({ name, licence }) => words.every((word) => `${name} ${licence}`.toLowerCase().includes(word)))
}
