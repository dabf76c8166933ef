import { describe, expect, it } from 'vitest'
import type { SyncStatus } from '@/shared/backend'
import { bannerOf, clockIsOff } from './banner'

const status = (over: Partial<SyncStatus>): SyncStatus => ({
  state: 'on_phone', running: false, visits_here: 0, photos_here: 0, commits_here: 0,
  visits_only_here: 0, photos_only_here: 0, commits_only_here: 0, bytes_sent: 0, bytes_total: 0,
  last_receipt_ms: null, backup_ms: null, last_attempt_ms: null, last_error: null, clock_ahead_ms: null, attention: [], conflicts: 0, erased: [],
  ...over,
})

describe('sync banner', () => {
  it('says held only when the engine does', () => {
    expect(bannerOf(status({ state: 'held' }), false).text).toBe('held')
    for (const state of ['on_phone', 'on_hub', 'sending', 'attention'] as const) {
      expect(bannerOf(status({ state }), false).text).not.toBe('held')
    }
  })

  it('does not say held over an edit that is newer than the status', () => {
    for (const state of ['held', 'on_hub'] as const) {
      expect(bannerOf(status({ state }), true)).toMatchObject({ state: 'on_phone', text: 'onPhone' })
    }
  })

  it('does not call a finished upload held before a receipt says so', () => {
    const done = status({ state: 'sending', bytes_sent: 900, bytes_total: 900 })
    expect(bannerOf(done, false)).toMatchObject({ state: 'sending', sent: 900, total: 900 })
  })

  it('counts what needs attention, and names conflicts as such', () => {
    const attention = [{ visit: 'v', photo: null, reason: 'kind_reserved' }]
    expect(bannerOf(status({ state: 'attention', attention }), true)).toMatchObject({ text: 'attention', count: 1 })
    expect(bannerOf(status({ state: 'attention', conflicts: 2 }), false)).toMatchObject({ text: 'conflicts', count: 2 })
  })

  it('mentions the clock beyond a minute in either direction, and not when unknown', () => {
    expect(clockIsOff(status({ clock_ahead_ms: 60_000 }))).toBe(false)
    expect(clockIsOff(status({ clock_ahead_ms: -61_000 }))).toBe(true)
    expect(clockIsOff(status({ clock_ahead_ms: null }))).toBe(false)
  })
})
