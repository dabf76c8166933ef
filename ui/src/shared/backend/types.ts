import type { AddPhoto, ApiError, Calls, Changes, ErrorCode, VisitView } from './generated/phone'

export type CallName = keyof Calls
export type PhotoSize = 'thumb' | 'full'

/**
 * The one door from the screens to the engine. Three hosts stand behind it: the Tauri app, the loopback bridge that
 * lets a plain browser drive the same engine, and an in-memory fake for unit tests.
 * Every failure is thrown as a `CallError`.
 */
export interface Backend {
  call<K extends CallName>(name: K, args: Calls[K]['args']): Promise<Calls[K]['result']>
  addPhoto(meta: AddPhoto, photo: Blob): Promise<VisitView>
  /** The text of the QR that a photo shows; the photo is not kept. */
  readCode(photo: Blob): Promise<string>
  photoUrl(sha256: string, size: PhotoSize): string
  /** A page, counted from nought, of the paper that `document_preview` or `document_open` laid out. */
  documentPageUrl(name: string, page: number): string
  /** Hands a document as PDF to the system: saved, and from there shared or printed. False when the officer changes their mind. */
  saveDocument(visit: string, document: string): Promise<boolean>
  /** Hands a text of diagnostics to the officer's own storage; false when they change their mind. */
  saveDiagnostics(text: string): Promise<boolean>
  /** Hands the rescue bundle that was made last to the officer's own storage; false when they change their mind. */
  saveRescue(): Promise<boolean>
  /** Whether `carryRescue` asks for the file by a dialog of the system; else the page gives it. */
  readonly asksForFiles: boolean
  /** Takes the rescue bundle of another phone, to hand it on; false when the officer changes their mind. */
  carryRescue(file?: Blob): Promise<boolean>
  /** Tells of what a write or a sync touched; returns the way to stop listening. */
  onChanges(listener: (changes: Changes) => void): () => void
}

/** An `ApiError` as something that can be thrown. Screens translate `code`; `message` is for the log only. */
export class CallError extends Error {
  readonly code: ErrorCode
  /** With `database_newer`: the app version that can open the data; of a document: the field or character that kept it from being made. */
  readonly needs?: string

  constructor(error: ApiError) {
    super(error.message)
    this.name = 'CallError'
    this.code = error.code
    this.needs = error.needs
  }

  /** Whatever was thrown, as one of our codes; what is no `ApiError` is `internal`. */
  static from(thrown: unknown): CallError {
    if (thrown instanceof CallError) return thrown
    if (isApiError(thrown)) return new CallError(thrown)
    return new CallError({ code: 'internal', message: String(thrown) })
  }
}

export function isApiError(value: unknown): value is ApiError {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as ApiError).code === 'string' &&
    typeof (value as ApiError).message === 'string'
  )
}
