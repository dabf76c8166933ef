import type { SaveState, SyncStatus } from '@/shared/backend'

/** What the sync banner says: the engine's word, never a kinder one. */
export interface Banner {
  state: SaveState
  /** Key of the sentence in `sync.*`, and what fills it. */
  text: 'onPhone' | 'onHub' | 'sending' | 'held' | 'attention' | 'conflicts'
  visits: number
  photos: number
  others: number
  sent: number
  total: number
  count: number
}

/**
 * `edited` says that something was recorded after this status was read: whatever HQ held then, the newest entry is only
 * on this phone until the next status says otherwise.
 */
export function bannerOf(sync: SyncStatus, edited: boolean): Banner {
  const state = (sync.state === 'held' || sync.state === 'on_hub') && edited ? 'on_phone' : sync.state
  const numbers = {
    visits: sync.visits_here,
    photos: sync.photos_here,
    others: sync.commits_here,
    sent: sync.bytes_sent,
    total: sync.bytes_total,
  }
  switch (state) {
    case 'on_phone':
      return { state, text: 'onPhone', ...numbers, count: 0 }
    case 'on_hub':
      return { state, text: 'onHub', ...numbers, count: 0 }
    case 'sending':
      return { state, text: 'sending', ...numbers, count: 0 }
    case 'held':
      return { state, text: 'held', ...numbers, count: 0 }
    case 'attention':
      return sync.attention.length === 0 && sync.conflicts > 0
        ? { state, text: 'conflicts', ...numbers, count: sync.conflicts }
        : { state, text: 'attention', ...numbers, count: sync.attention.length }
  }
}

/** Below a minute a clock is good enough for any figure; beyond it the officer should know. */
const CLOCK_TOLERANCE_MS = 60_000

export const clockIsOff = (sync: SyncStatus): boolean =>
  sync.clock_ahead_ms !== null && Math.abs(sync.clock_ahead_ms) > CLOCK_TOLERANCE_MS
