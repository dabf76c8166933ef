// How anything on a page is named for an erase order: the page provides the dialog, the thing that is to go calls.
import { inject, provide, shallowRef, type InjectionKey, type ShallowRef } from 'vue'
import type { EraseTarget } from '@/shared/backend/generated/console'
import { mayChange } from '../session'

/** What an order will name, with words for the person who gives it. */
export interface Wanted {
  targets: EraseTarget[]
  what: string
}

type Ask = (wanted: Wanted) => void

const askKey: InjectionKey<Ask> = Symbol('erase')

/** For the page: what somebody wants to erase, while the dialog is open. */
export function provideErase(): ShallowRef<Wanted | null> {
  const wanted = shallowRef<Wanted | null>(null)
  provide(askKey, (what) => (wanted.value = what))
  return wanted
}

/** Undefined where nobody may erase, or the page does not offer it. */
export function useErase(): Ask | undefined {
  const ask = inject(askKey, undefined)
  return mayChange.value ? ask : undefined
}

export const fieldTarget = (entity: string, field: string): EraseTarget => ({ entity, field, sha256: null })
export const everythingTarget = (entity: string): EraseTarget => ({ entity, field: null, sha256: null })
export const photoTarget = (sha256: string): EraseTarget => ({ entity: null, field: null, sha256 })
