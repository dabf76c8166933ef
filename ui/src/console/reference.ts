// Names of categories and districts: small, the same for everyone, fetched once per sign-in.
import { ref } from 'vue'
import type { Reference } from '@/shared/backend/generated/console'
import { api } from './api'

export const reference = ref<Reference>({ categories: [], districts: [] })

export async function loadReference() {
  if (reference.value.categories.length === 0) reference.value = await api.reference()
}
