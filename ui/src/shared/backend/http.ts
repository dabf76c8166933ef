import type { Calls, Changes, VisitView } from './generated/phone'
import { CallError, isApiError, type Backend, type CallName } from './types'

const KEY_SLOT = 'xuncha.bridge-key'
const BYTES = { 'content-type': 'application/octet-stream' }

/** The engine behind the loopback bridge, for development and browser tests. */
export function httpBackend(key: string): Backend {
  const listeners = new Set<(changes: Changes) => void>()
  let listening = false

  return {
    call: <K extends CallName>(name: K, args: Calls[K]['args']) =>
      post<Calls[K]['result']>(`/call/${name}`, key, JSON.stringify(args), {
        'content-type': 'application/json',
      }),

    addPhoto: (meta, photo) =>
      post<VisitView>(`/photo?meta=${encodeURIComponent(JSON.stringify(meta))}`, key, photo, BYTES),

    async readCode(photo) {
      const { text } = await post<{ text: string }>('/scan', key, photo, BYTES)
      return text
    },

    photoUrl: (sha256, size) => `/photo/${sha256}?size=${size}&key=${encodeURIComponent(key)}`,

    documentPageUrl: (name, page) => `/document-page/${name}/${page}?key=${encodeURIComponent(key)}`,
    saveDocument: async (visit, id) => download(`/document/${visit}/${id}?key=${encodeURIComponent(key)}`),
    saveDiagnostics: async (text) => downloadText(text, 'xuncha-diagnostics.txt'),
    saveRescue: async () => download(`/rescue?key=${encodeURIComponent(key)}`),

    asksForFiles: false,
    async carryRescue(file) {
      if (file) await post('/rescue', key, file, BYTES)
      return file !== undefined
    },

    onChanges(listener) {
      listeners.add(listener)
      // One stream for all: a browser opens six connections to a host, and each stream would keep one of them.
      if (!listening) listenTo(key, (changes) => listeners.forEach((each) => each(changes)))
      listening = true
      return () => void listeners.delete(listener)
    },
  }
}

function downloadText(text: string, name: string): boolean {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const started = download(url, name)
  // The browser has taken its own hold of it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
  return started
}

function download(url: string, name = ''): boolean {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  return true
}

/** The key that the bridge printed, from the page's address; kept for the session and taken out of the address bar. */
export function bridgeKey(): string {
  const url = new URL(location.href)
  const given = url.searchParams.get('key')
  if (given === null) return sessionStorage.getItem(KEY_SLOT) ?? ''
  sessionStorage.setItem(KEY_SLOT, given)
  url.searchParams.delete('key')
  history.replaceState(history.state, '', url)
  return given
}

const ALL: Changes = { venues: true, officers: true, sync: true, visits: [], visits_all: true, ledgers: true }

/** A page put aside by the browser would keep its stream, and with it a connection; so it is closed and opened again. */
function listenTo(key: string, tell: (changes: Changes) => void) {
  const open = () => {
    const events = new EventSource(`/events?key=${encodeURIComponent(key)}`)
    events.onmessage = (event) => tell(JSON.parse(String(event.data)) as Changes)
    window.addEventListener('pagehide', () => events.close(), { once: true })
  }
  open()
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return
    open()
    tell(ALL)
  })
}

async function post<T>(path: string, key: string, body: BodyInit, headers: Record<string, string>): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(path, {
      method: 'POST',
      body,
      headers: { ...headers, 'x-bridge-key': key },
      // Small calls such as `visit_leave` must outlive the page; browsers cap what may do so at 64 KiB.
      keepalive: typeof body === 'string' && body.length < 16_384,
    })
  } catch (thrown) {
    throw CallError.from(thrown)
  }
  const parsed: unknown = await answer.json().catch(() => undefined)
  if (answer.ok) return parsed as T
  throw isApiError(parsed)
    ? new CallError(parsed)
    : new CallError({ code: 'internal', message: `bridge answered ${answer.status}` })
}
