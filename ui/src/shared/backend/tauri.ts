import { convertFileSrc, invoke, type InvokeArgs, type InvokeOptions } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'
import type { Calls, Changes, VisitView } from './generated/phone'
import { CallError, type Backend, type CallName } from './types'

/**
 * The engine inside the app. Android cannot hand raw bytes to a command (they would travel as an array of numbers,
 * a hundred times slower), so there a photo goes as base64.
 */
export function tauriBackend(): Backend {
  return {
    call: <K extends CallName>(name: K, args: Calls[K]['args']) =>
      command<Calls[K]['result']>('call', { name, args }),

    async addPhoto(meta, photo) {
      if (needsJson()) return command<VisitView>('photo_add', { meta, base64: await base64(photo) })
      // A header value must be ASCII.
      return command<VisitView>('photo_add', await bytes(photo), {
        headers: { 'x-meta': encodeURIComponent(JSON.stringify(meta)) },
      })
    },

    readCode: async (photo) =>
      command<string>('scan', needsJson() ? { base64: await base64(photo) } : await bytes(photo)),

    photoUrl: (sha256, size) => convertFileSrc(size === 'thumb' ? `${sha256}/thumb` : sha256, 'photo'),

    documentPageUrl: (name, page) => convertFileSrc(`${name}/${page}`, 'document'),
    saveDocument: (visit, document) => command<boolean>('document_save', { visit, document }),
    saveDiagnostics: (text) => command<boolean>('diagnostics_save', { text }),
    saveRescue: () => command<boolean>('rescue_save', {}),
    asksForFiles: true,
    carryRescue: () => command<boolean>('rescue_carry', {}),

    onChanges(listener) {
      const stop = listen<Changes>('changes', (event) => listener(event.payload))
      return () => void stop.then((unlisten) => unlisten())
    },
  }
}

async function command<T>(name: string, args: InvokeArgs, options?: InvokeOptions): Promise<T> {
  try {
    return await invoke<T>(name, args, options)
  } catch (thrown) {
    throw CallError.from(thrown)
  }
}

const needsJson = () => /android/i.test(navigator.userAgent)

const bytes = async (photo: Blob) => new Uint8Array(await photo.arrayBuffer())

function base64(photo: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onerror = () => reject(reader.error)
    reader.onload = () => {
      const url = String(reader.result)
      resolve(url.slice(url.indexOf(',') + 1))
    }
    reader.readAsDataURL(photo)
  })
}
