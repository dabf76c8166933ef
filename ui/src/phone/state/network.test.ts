import { expect, test, vi } from 'vitest'
import { fakeBackend } from '@/shared/backend/fake'
import { followNetwork, metered } from './network'

test('the engine hears of a connection and of a page that is shown again', () => {
  const { backend, asked } = fakeBackend({ network_changed: () => ({}) })
  const stop = followNetwork(backend)
  window.dispatchEvent(new Event('online'))
  const visibility = vi.spyOn(document, 'visibilityState', 'get')
  visibility.mockReturnValue('hidden')
  document.dispatchEvent(new Event('visibilitychange'))
  expect(asked.map((call) => call.name)).toEqual(['network_changed', 'network_changed'])
  visibility.mockReturnValue('visible')
  document.dispatchEvent(new Event('visibilitychange'))
  stop()
  window.dispatchEvent(new Event('online'))
  expect(asked.map((call) => call.name)).toEqual(['network_changed', 'network_changed', 'network_changed'])
})

test('only a connection that says so is metered or free', () => {
  expect(metered(undefined)).toBeNull()
  expect(metered({})).toBeNull()
  expect(metered({ type: 'unknown' })).toBeNull()
  expect(metered({ type: 'wifi' })).toBe(false)
  expect(metered({ type: 'wifi', saveData: true })).toBe(true)
  expect(metered({ type: 'cellular' })).toBe(true)
})
