import type { AddPhoto, Calls, Changes, VisitView } from './generated/phone'
import { CallError, type Backend, type CallName } from './types'

export type Handlers = {
  [K in CallName]?: (args: Calls[K]['args']) => Calls[K]['result'] | Promise<Calls[K]['result']>
} & {
  addPhoto?: (meta: AddPhoto, photo: Blob) => VisitView | Promise<VisitView>
  readCode?: (photo: Blob) => string | Promise<string>
  saveRescue?: () => boolean
  carryRescue?: () => boolean
}

/** For unit tests: answers from the given handlers, keeps what was asked, and can announce changes. */
export function fakeBackend(handlers: Handlers) {
  const asked: { name: string; args: unknown }[] = []
  const listeners = new Set<(changes: Changes) => void>()
  const backend: Backend = {
    async call<K extends CallName>(name: K, args: Calls[K]['args']) {
      asked.push({ name, args })
      const handler = handlers[name] as
        | ((args: Calls[K]['args']) => Calls[K]['result'] | Promise<Calls[K]['result']>)
        | undefined
      if (!handler) throw new CallError({ code: 'not_found', message: name })
      return handler(args)
    },
    async addPhoto(meta, photo) {
      asked.push({ name: 'photo_add', args: meta })
      if (!handlers.addPhoto) throw new CallError({ code: 'not_found', message: 'photo_add' })
      return handlers.addPhoto(meta, photo)
    },
    async readCode(photo) {
      asked.push({ name: 'scan', args: {} })
      if (!handlers.readCode) throw new CallError({ code: 'not_found', message: 'scan' })
      return handlers.readCode(photo)
    },
    photoUrl: (sha256, size) => `fake:${sha256}/${size}`,
    documentPageUrl: (name, page) => `fake:${name}/${page}`,
    async saveDocument(visit, document) {
      asked.push({ name: 'document_save', args: { visit, document } })
      return true
    },
    asksForFiles: true,
    async carryRescue() {
      if (!handlers.carryRescue) throw new CallError({ code: 'not_found', message: 'rescue_carry' })
      return handlers.carryRescue()
    },
    async saveDiagnostics(text) {
      asked.push({ name: 'diagnostics_save', args: { text } })
      return true
    },
    async saveRescue() {
      if (!handlers.saveRescue) throw new CallError({ code: 'not_found', message: 'rescue_save' })
      return handlers.saveRescue()
    },
    onChanges(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const announce = (changes: Partial<Changes>) => {
    const all: Changes = { venues: false, officers: false, sync: false, visits: [], visits_all: false, ledgers: false, ...changes }
    listeners.forEach((listener) => listener(all))
  }
  return { backend, asked, announce }
}
