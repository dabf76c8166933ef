// Live values as a person compares them: those that agree stand together, the displayed one first.
import type { CommitRow, FieldRow, FindingRow, LiveValue, PhotoRow, ResolveConflict } from '@/shared/backend/generated/console'

export interface Candidate {
  value: string | null
  erased: boolean
  /** Everyone who recorded this value, in the order HQ gave. */
  by: LiveValue[]
}

/** Equal values agree and become one candidate. Erased ones are never taken to be equal: nobody can tell any more. */
export function candidates(live: LiveValue[]): Candidate[] {
  const out: Candidate[] = []
  for (const entry of live) {
    const same = out.find((c) => !c.erased && !entry.erased && c.value === entry.value)
    if (same) same.by.push(entry)
    else out.push({ value: entry.value, erased: entry.erased, by: [entry] })
  }
  return out
}

/**
 * Settles a field over exactly the values that were drawn: one that arrived since then stays a conflict. To undo a
 * settling, keep one of the values that it replaced, over what stands now.
 */
export function resolution(field: FieldRow, kept: Candidate): ResolveConflict | null {
  const keep = kept.by[0]?.commit
  if (keep === undefined) return null
  return { entity: field.entity, field: field.field, keep, over: [...new Set(field.live.map((entry) => entry.commit))] }
}

const ORDERED = ['rectifying', 'extended', 'recheck_due']

/** Whether an order stands whose deadline is before `today`. */
export function isOverdue(finding: Pick<FindingRow, 'status' | 'deadline'>, today: string): boolean {
  const deadline = finding.deadline?.live[0]?.value
  return ORDERED.includes(finding.status?.live[0]?.value ?? '') && typeof deadline === 'string' && deadline < today
}

/** Runs of rows with one key, in the order of first appearance. */
export function groupBy<T>(rows: T[], key: (row: T) => string): Array<{ key: string; rows: T[] }> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const group = groups.get(key(row))
    if (group) group.push(row)
    else groups.set(key(row), [row])
  }
  return [...groups].map(([k, grouped]) => ({ key: k, rows: grouped }))
}

export interface Chain {
  id: string
  device: string
  forked: boolean
  commits: CommitRow[]
}

/** Commits by chain and number; the two branches of a fork stand side by side. */
export function chains(proof: CommitRow[]): Chain[] {
  return groupBy(proof, (commit) => commit.chain).map(({ key, rows }) => ({
    id: key,
    device: rows[0]?.device ?? '',
    forked: rows.some((commit) => commit.forked),
    commits: rows.toSorted((a, b) => a.seq - b.seq || a.commit.localeCompare(b.commit)),
  }))
}

/** How many photos show each item, and where the first of them stands in the list. */
export function photosByItem(photos: PhotoRow[]): Map<string, { count: number; first: number }> {
  const out = new Map<string, { count: number; first: number }>()
  photos.forEach((photo, index) => {
    if (photo.item === null) return
    const known = out.get(photo.item)
    if (known) known.count += 1
    else out.set(photo.item, { count: 1, first: index })
  })
  return out
}
