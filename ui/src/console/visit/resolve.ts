// How a conflict anywhere on a page reaches HQ: the page provides, the field that was settled calls.
import { inject, provide, type InjectionKey } from 'vue'
import type { ResolveConflict } from '@/shared/backend/generated/console'
import { api } from '../api'
import { ElMessage } from '../element'
import { useFormat } from '../format/useFormat'

export type Resolve = (resolution: ResolveConflict) => Promise<void>

export const resolveKey: InjectionKey<Resolve> = Symbol('resolve')

/** Settles at HQ, says what came of it, and has the page fetched again. */
export function provideResolve(reload: () => Promise<void>) {
  const { t, problem } = useFormat()
  provide(resolveKey, async (resolution) => {
    try {
      await api.resolveConflict(resolution)
      ElMessage.success(t('visit.settled'))
    } catch (failure) {
      ElMessage.error(problem(failure))
    }
    // Also after a failure: somebody else may have settled it, or a new value may have come.
    await reload()
  })
}

export function useResolve(): Resolve {
  const resolve = inject(resolveKey)
  if (!resolve) throw new Error('a conflict can only be settled on a page that provides how')
  return resolve
}
