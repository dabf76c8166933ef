import type { Backend } from '@/shared/backend'

/** What the platform says of its connection, where it does (the Network Information API). */
interface Network {
  type?: string
  saveData?: boolean
}

/** Whether the connection costs by the byte; null when the platform does not tell. */
export function metered(network: Network | undefined): boolean | null {
  if (network?.saveData) return true
  switch (network?.type) {
    case 'wifi':
    case 'ethernet':
      return false
    case 'cellular':
    case 'bluetooth':
    case 'wimax':
      return true
    default:
      return null
  }
}

/**
 * Tells the engine what the connection is, and when it may be another: the browser says so, or the page is shown again after
 * the app slept. Returns the way to stop.
 */
export function followNetwork(backend: Backend): () => void {
  const network = (navigator as Navigator & { connection?: Network & EventTarget }).connection
  // The engine comes back by itself anyway: a lost call costs a wait and nothing else.
  const tell = () => void backend.call('network_changed', { metered: metered(network) }).catch(() => undefined)
  const shown = () => document.visibilityState === 'visible' && tell()
  window.addEventListener('online', tell)
  network?.addEventListener?.('change', tell)
  document.addEventListener('visibilitychange', shown)
  tell()
  return () => {
    window.removeEventListener('online', tell)
    network?.removeEventListener?.('change', tell)
    document.removeEventListener('visibilitychange', shown)
  }
}
