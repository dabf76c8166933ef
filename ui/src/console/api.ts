// The one door from the console to HQ. Nothing here decides anything: it sends, it receives, and it turns every failure
// into an ApiError whose code a page can translate.
import type {
  ApiProblem,
  Assigned,
  AssignVenues,
  ConflictPage,
  ConflictQuery,
  DecideDuplicate,
  DeviceRow,
  DuplicatePage,
  EnrolCode,
  EraseOrderInfo,
  LedgerInfo,
  LedgerPage,
  LedgerQuery,
  LedgerRow,
  MoveOfficer,
  NewEnrolCode,
  NewEraseOrder,
  NewOfficer,
  NewRow,
  OfficerInfo,
  Overview,
  Reference,
  ResolveConflict,
  ReviewVisit,
  Session,
  SetRow,
  SetUp,
  SignIn,
  TeamInfo,
  VenueInfo,
  VisitDetail,
  VisitPage,
  VisitQuery,
} from '@/shared/backend/generated/console'

/** A person is waiting: after this the page says so and offers to try again. */
const TIMEOUT_MS = 30_000

export class ApiError extends Error {
  constructor(
    /** 0 when HQ did not answer at all. */
    readonly status: number,
    readonly code: string,
    readonly incident: string | null = null,
  ) {
    super(`${code} (${status})`)
    this.name = 'ApiError'
  }
}

let onSignedOut: () => void = () => {}

/** Called whenever HQ answers 401 to anything but signing in: the session ended under us. */
export function whenSignedOut(callback: () => void) {
  onSignedOut = callback
}

export const api = {
  setupNeeded: () => get<{ needed: boolean }>('/setup'),
  setUp: (body: SetUp) => send<Session>('POST', '/setup', body),
  session: () => get<Session>('/session'),
  signIn: (body: SignIn) => send<Session>('POST', '/session', body),
  signOut: () => send<void>('DELETE', '/session'),
  reference: () => get<Reference>('/reference'),
  overview: () => get<Overview>('/overview'),
  visits: (query: Partial<VisitQuery>) => get<VisitPage>(`/visits${queryString(query)}`),
  visit: (id: string) => get<VisitDetail>(`/visits/${encodeURIComponent(id)}`),
  conflicts: (before_ms?: number) => get<ConflictPage>(`/conflicts${queryString({ before_ms })}`),
  resolveConflict: (body: ResolveConflict) => send<VisitDetail | undefined>('POST', '/conflicts/resolve', body),
  reviewVisit: (id: string, body: ReviewVisit) => send<VisitDetail>('POST', `/visits/${encodeURIComponent(id)}/review`, body),
  duplicates: () => get<DuplicatePage>('/duplicates'),
  decideDuplicate: (body: DecideDuplicate) => send<DuplicatePage>('POST', '/duplicates/decide', body),
  eraseOrders: () => get<EraseOrderInfo[]>('/erase-orders'),
  erase: (body: NewEraseOrder) => send<EraseOrderInfo[]>('POST', '/erase-orders', body),
  devices: () => get<DeviceRow[]>('/devices'),
  closeDevice: (id: string) => send<void>('POST', `/devices/${encodeURIComponent(id)}/close`),
  officers: () => get<OfficerInfo[]>('/officers'),
  addOfficer: (body: NewOfficer) => send<OfficerInfo>('POST', '/officers', body),
  moveOfficer: (id: string, body: MoveOfficer) =>
    send<OfficerInfo>('POST', `/officers/${encodeURIComponent(id)}/team`, body),
  teams: () => get<TeamInfo[]>('/teams'),
  ledgers: () => get<LedgerInfo[]>('/ledgers'),
  ledger: (name: string, query: Partial<LedgerQuery>) => get<LedgerPage>(`/ledgers/${encodeURIComponent(name)}${queryString(query)}`),
  addRow: (ledger: string, body: NewRow) => send<LedgerRow>('POST', `/ledgers/${encodeURIComponent(ledger)}`, body),
  row: (id: string) => get<LedgerRow>(`/rows/${encodeURIComponent(id)}`),
  setRow: (id: string, body: SetRow) => send<LedgerRow>('PATCH', `/rows/${encodeURIComponent(id)}`, body),
  venues: (text: string, limit: number) => get<VenueInfo[]>(`/venues${queryString({ text, limit })}`),
  assign: (body: AssignVenues) => send<Assigned>('POST', '/assignments', body),
  enrolCode: (body: NewEnrolCode) => send<EnrolCode>('POST', '/enroll-codes', body),
}

export const photoUrl = (sha256: string, size: 'thumb' | 'full') =>
  `/api/photos/${encodeURIComponent(sha256)}?size=${size}`

/** Leaves out what filters nothing, so that equal lists have equal addresses. */
export function queryString(query: Partial<VisitQuery | ConflictQuery | LedgerQuery>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '' && value !== false) params.set(name, String(value))
  }
  const text = params.toString()
  return text ? `?${text}` : ''
}

function get<T>(path: string): Promise<T> {
  return request<T>('GET', path)
}

function send<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  return request<T>(method, path, body)
}

async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  // Only a page of this origin can set it: that is what keeps other sites from acting with our cookie.
  if (method !== 'GET') headers['x-xuncha'] = '1'
  if (body !== undefined) headers['content-type'] = 'application/json'
  let response: Response
  try {
    response = await fetch(`/api${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch {
    throw new ApiError(0, 'unreachable')
  }
  if (!response.ok) {
    const error = await problemOf(response)
    if (error.code === 'unauthorized') onSignedOut()
    throw error
  }
  if (response.status === 204) return undefined as T
  try {
    return (await response.json()) as T
  } catch {
    throw new ApiError(response.status, 'bad_answer')
  }
}

async function problemOf(response: Response): Promise<ApiError> {
  const fallback = response.status === 401 ? 'unauthorized' : 'internal'
  try {
    const problem = (await response.json()) as Partial<ApiProblem>
    return new ApiError(response.status, problem.code ?? fallback, problem.incident ?? null)
  } catch {
    return new ApiError(response.status, fallback)
  }
}
