// News from HQ. The stream says only which kind of thing changed; whoever shows it fetches again. Nothing polls: while the
// stream is down the screen says so, and when it is back everything shown is fetched once.
import { onMounted, onUnmounted, reactive } from 'vue'
import { api } from './api'

export interface Changed {
  visits: boolean
  devices: boolean
}

export type LiveState = 'connecting' | 'live' | 'lost'

/** A stream that HQ refused is asked for again this much later, doubling up to the maximum. */
const RETRY_MS_MIN = 2_000
const RETRY_MS_MAX = 60_000

export const live = reactive<{ state: LiveState; since_ms: number }>({ state: 'connecting', since_ms: Date.now() })

const listeners = new Set<(changed: Changed) => void>()
let source: EventSource | null = null
let retry: ReturnType<typeof setTimeout> | undefined
let retry_ms = RETRY_MS_MIN

export function openLive() {
  if (source) return
  source = new EventSource('/api/events')
  source.addEventListener('open', () => {
    const missed = live.state === 'lost'
    retry_ms = RETRY_MS_MIN
    setState('live')
    if (missed) tell({ visits: true, devices: true })
  })
  source.addEventListener('changed', (event) => tell(changedOf((event as MessageEvent<string>).data)))
  source.addEventListener('error', () => {
    setState('lost')
    // The browser goes on trying by itself unless HQ refused the stream outright.
    if (source?.readyState === EventSource.CLOSED) reopenLater()
  })
}

export function closeLive() {
  clearTimeout(retry)
  source?.close()
  source = null
  setState('connecting')
}

/** Calls `refetch` for news of this kind while the component is on screen. */
export function useChanges(kind: keyof Changed, refetch: () => void) {
  const listener = (changed: Changed) => {
    if (changed[kind]) refetch()
  }
  onMounted(() => listeners.add(listener))
  onUnmounted(() => listeners.delete(listener))
}

/** Anything that is not understood counts as "all of it": one fetch too many hides nothing. */
export function changedOf(data: string): Changed {
  try {
    const parsed = JSON.parse(data) as Partial<Changed> | null
    if (typeof parsed?.visits === 'boolean' && typeof parsed.devices === 'boolean') {
      return { visits: parsed.visits, devices: parsed.devices }
    }
  } catch {
    // falls through
  }
  return { visits: true, devices: true }
}

function reopenLater() {
  source = null
  clearTimeout(retry)
  retry = setTimeout(() => {
    // A session that ended leads to the sign-in page, which closes the stream for good.
    api.session().then(openLive, () => {
      if (!source && live.state === 'lost') reopenLater()
    })
  }, retry_ms)
  retry_ms = Math.min(retry_ms * 2, RETRY_MS_MAX)
}

function setState(state: LiveState) {
  if (live.state === state) return
  live.state = state
  live.since_ms = Date.now()
}

function tell(changed: Changed) {
  for (const listener of listeners) listener(changed)
}
