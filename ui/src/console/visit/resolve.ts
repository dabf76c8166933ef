// How a conflict anywhere on a page reaches HQ: the page provides, the field that was settled calls.
import { inject, type InjectionKey } from 'vue'
import type { ResolveConflict } from '@/shared/backend/generated/console'

export type Resolve = (resolution: ResolveConflict) => Promise<void>

export const resolveKey: InjectionKey<Resolve> = Symbol('resolve')

export function useResolve(): Resolve {
  const resolve = inject(resolveKey)
  if (!resolve) throw new Error('a conflict can only be settled on a page that provides how')
  return resolve
}
