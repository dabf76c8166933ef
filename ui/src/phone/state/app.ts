import { computed, inject, ref, shallowRef, type InjectionKey } from 'vue'
import {
  CallError,
  type Backend,
  type CategoryRow,
  type DistrictRow,
  type Enroll,
  type ErrorCode,
  type LedgerInfo,
  type Status,
} from '@/shared/backend'
import { bannerOf } from './banner'

/** What every screen shares: who this phone is, where its records are, and the names of categories and districts. */
export function createApp(backend: Backend) {
  const status = shallowRef<Status>()
  const broken = ref<ErrorCode>()
  /** The app version that can open the data of this phone, when this one cannot. */
  const needs = ref<string>()
  const categories = shallowRef<CategoryRow[]>([])
  const districts = shallowRef<DistrictRow[]>([])
  const ledgers = shallowRef<LedgerInfo[]>([])
  /** Counts local edits, so that a status is known to be older than one. */
  const edits = ref(0)
  const editsInStatus = ref(0)
  let reading: Promise<void> | undefined
  let again = false

  function refresh(): Promise<void> {
    again = true
    reading ??= (async () => {
      while (again) {
        again = false
        await readStatus()
      }
      reading = undefined
    })()
    return reading
  }

  async function readStatus() {
    const before = edits.value
    try {
      status.value = await backend.call('status', {})
      editsInStatus.value = before
      broken.value = undefined
    } catch (thrown) {
      const error = CallError.from(thrown)
      broken.value = error.code
      needs.value = error.needs
    }
  }

  async function readNames() {
    if (!status.value?.enrolled) return
    try {
      ;[categories.value, districts.value, ledgers.value] = await Promise.all([
        backend.call('categories', {}),
        backend.call('districts', {}),
        backend.call('ledgers', {}),
      ])
    } catch (thrown) {
      broken.value = CallError.from(thrown).code
    }
  }

  backend.onChanges((changes) => {
    if (changes.sync || changes.officers || changes.visits_all || changes.visits.length > 0) void refresh()
    if (changes.venues) void readNames()
  })

  return {
    status,
    broken,
    needs,
    categories,
    districts,
    ledgers,
    locked: computed(() => broken.value === 'locked'),
    enrolled: computed(() => status.value?.enrolled ?? false),
    banner: computed(() => status.value && bannerOf(status.value.sync, edits.value > editsInStatus.value)),
    refresh,
    async start() {
      await refresh()
      await readNames()
    },
    async enroll(args: Enroll) {
      status.value = await backend.call('enroll', args)
      await readNames()
    },
    async recoverySeen() {
      status.value = await backend.call('recovery_seen', {})
    },
    async erasureSeen() {
      await backend.call('erasure_seen', {})
      await refresh()
    },
    async syncNow() {
      await backend.call('sync_now', {})
      await refresh()
    },
    /** Call after each recorded edit: from here on an older "held by HQ" no longer counts. */
    recorded() {
      edits.value += 1
      void refresh()
    },
  }
}

export type AppState = ReturnType<typeof createApp>
export const appKey: InjectionKey<AppState> = Symbol('app')

export function useApp(): AppState {
  const app = inject(appKey)
  if (!app) throw new Error('no app state was provided')
  return app
}
