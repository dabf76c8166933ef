import type { Backend } from '@/shared/backend'

/**
 * Tells the engine when the phone may have another connection: the browser says so, or the page is shown again after
 * the app slept. Returns the way to stop.
 */
export function followNetwork(backend: Backend): () => void {
  // The engine comes back by itself anyway: a lost call costs a wait and nothing else.
  const tell = () => void backend.call('network_changed', {}).catch(() => undefined)
  const shown = () => document.visibilityState === 'visible' && tell()
  window.addEventListener('online', tell)
  document.addEventListener('visibilitychange', shown)
  return () => {
    window.removeEventListener('online', tell)
    document.removeEventListener('visibilitychange', shown)
  }
}
