// How a conflict anywhere inside a visit reaches HQ: the page provides, the field that was settled calls.
import { inject, type InjectionKey } from 'vue'
import type { ResolveConflict } from '@/shared/backend/generated/console'

export type Resolve = (resolution: ResolveConflict) => Promise<void>

export const resolveKey: InjectionKey<Resolve> = Symbol('resolve')

export function useResolve(): Resolve {
  const resolve = inject(resolveKey)
  if (!resolve) throw new Error('a conflict can only be settled inside a visit')
  return resolve
}
