import { onMounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { ApiError } from './api'
import { serial } from './serial'

export interface Load<T> {
  data: ShallowRef<T | null>
  error: ShallowRef<unknown>
  loading: Ref<boolean>
  reload: () => Promise<void>
}

/**
 * Fetches when the component appears and whenever `reload` is called, never twice at once. What was fetched stays on
 * screen while a later fetch fails: the error stands beside it. `known` is shown until the first answer.
 */
export function useLoad<T>(fetchIt: () => Promise<T>, known: T | null = null): Load<T> {
  const data = shallowRef<T | null>(known)
  const error = shallowRef<unknown>(null)
  const loading = ref(false)
  const reload = serial(async () => {
    loading.value = true
    try {
      data.value = await fetchIt()
      error.value = null
    } catch (failure) {
      // The session ended: the sign-in page is already on its way.
      if (!(failure instanceof ApiError && failure.code === 'unauthorized')) error.value = failure
    } finally {
      loading.value = false
    }
  })
  onMounted(reload)
  return { data, error, loading, reload }
}
