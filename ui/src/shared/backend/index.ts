import { isTauri } from '@tauri-apps/api/core'
import { inject, type InjectionKey } from 'vue'
import { bridgeKey, httpBackend } from './http'
import { tauriBackend } from './tauri'
import type { Backend } from './types'

export { CallError, type Backend, type CallName, type PhotoSize } from './types'
export type * from './generated/phone'

export const backendKey: InjectionKey<Backend> = Symbol('backend')

export const pickBackend = (): Backend => (isTauri() ? tauriBackend() : httpBackend(bridgeKey()))

export function useBackend(): Backend {
  const backend = inject(backendKey)
  if (!backend) throw new Error('no backend was provided')
  return backend
}
