import { afterEach, describe, expect, it, vi } from 'vitest'
import type { LockStatus } from '@/shared/backend'
import { fakeBackend } from '@/shared/backend/fake'
import { followPresence } from './presence'

const status = (locked: boolean): LockStatus => ({ set: true, locked, after_min: 5, after_choices: [5], wait_ms: 0 })
let visibility = 'visible'
vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visibility as DocumentVisibilityState)
const turns = (to: string) => {
  visibility = to
  document.dispatchEvent(new Event('visibilitychange'))
}

describe('presence', () => {
  afterEach(() => turns('visible'))

  it('says when the page goes and comes, and learns that it is locked', async () => {
    let locked = false
    const { backend, asked } = fakeBackend({ app_shown: () => status(locked) })
    const found = vi.fn()
    const stop = followPresence(backend, found)
    turns('hidden')
    await vi.waitFor(() => expect(asked.map(({ args }) => args)).toEqual([{ visible: true }, { visible: false }]))
    expect(found).not.toHaveBeenCalled()
    locked = true
    turns('visible')
    await vi.waitFor(() => expect(found).toHaveBeenCalledOnce())
    stop()
    turns('hidden')
    expect(asked).toHaveLength(3)
  })
})
