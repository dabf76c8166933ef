import type { Backend } from '@/shared/backend'

/**
 * Tells the engine when its officer looks away and when they are back; `locked` is called when too much time passed between.
 * Returns the way to stop.
 */
export function followPresence(backend: Backend, locked: () => unknown): () => void {
  const tell = async () => {
    try {
      const lock = await backend.call('app_shown', { visible: document.visibilityState === 'visible' })
      if (lock.locked) locked()
    } catch {
      // Without an engine there is nothing to lock.
    }
  }
  document.addEventListener('visibilitychange', tell)
  void tell()
  return () => document.removeEventListener('visibilitychange', tell)
}
