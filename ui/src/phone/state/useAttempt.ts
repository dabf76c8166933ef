import { ref } from 'vue'
import { CallError, type ErrorCode } from '@/shared/backend'

/** What an officer asked for: busy while it runs, and the code of what kept it from being done. */
export function useAttempt() {
  const busy = ref(false)
  const failed = ref<ErrorCode>()

  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    busy.value = true
    failed.value = undefined
    try {
      return await work()
    } catch (thrown) {
      failed.value = CallError.from(thrown).code
      return undefined
    } finally {
      busy.value = false
    }
  }

  return { busy, failed, attempt }
}
