import { onMounted, onUnmounted, ref, shallowRef } from 'vue'
import { CallError, useBackend, type Changes, type ErrorCode } from '@/shared/backend'

/** Something read from the engine and read again when a change touches it. Nothing polls. */
export function useLoaded<T>(load: () => Promise<T>, touches: (changes: Changes) => boolean) {
  const data = shallowRef<T>()
  const error = ref<ErrorCode>()
  let running = false
  let again = false

  async function reload(): Promise<void> {
    again = true
    if (running) return
    running = true
    while (again) {
      again = false
      try {
        data.value = await load()
        error.value = undefined
      } catch (thrown) {
        error.value = CallError.from(thrown).code
      }
    }
    running = false
  }

  const stop = useBackend().onChanges((changes) => {
    if (touches(changes)) void reload()
  })
  onMounted(reload)
  onUnmounted(stop)
  return { data, error, reload }
}
