// Who sits at this console. The cookie is HttpOnly, so HQ is asked once and again after each refusal.
import { computed, shallowRef } from 'vue'
import type { Session } from '@/shared/backend/generated/console'
import { api, ApiError } from './api'
import { closeLive, openLive } from './live'

export const session = shallowRef<Session | null>(null)

/** A viewer is not offered what HQ would refuse. */
export const mayChange = computed(() => session.value?.role === 'admin')

export function signedIn(value: Session) {
  session.value = value
  openLive()
}

export function signedOut() {
  session.value = null
  closeLive()
}

/** Whether somebody is signed in. Throws when HQ cannot be asked. */
export async function restoreSession(): Promise<boolean> {
  if (session.value) return true
  try {
    signedIn(await api.session())
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false
    throw error
  }
}
