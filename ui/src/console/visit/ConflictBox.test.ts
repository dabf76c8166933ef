import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { FieldRow, LiveValue } from '@/shared/backend/generated/console'
import { createTexts } from '@/shared/i18n'
import en from '../i18n/en.json'
import zhCN from '../i18n/zh-CN.json'
import { session } from '../session'
import FieldValue from './FieldValue.vue'
import { resolveKey } from './resolve'

beforeEach(() => {
  session.value = { user: 'u', role: 'admin', city: 'c', city_name: '' }
})
afterEach(() => {
  session.value = null
})

const at = Date.UTC(2026, 10, 24, 5, 5, 9)
const live = (value: string | null, commit: string, over: Partial<LiveValue> = {}): LiveValue => ({
  value,
  erased: false,
  officer: `o-${commit}`,
  officer_name: `组 ${commit}`,
  device: `d-${commit}`,
  raw_ms: at - 2_300,
  corrected_ms: at,
  uncertainty_ms: 1_800,
  commit,
  place: null,
  ...over,
})

function show(field: FieldRow, resolve = vi.fn(async () => {})) {
  const wrapper = mount(FieldValue, {
    props: { field, words: (value: string) => `<${value}>` },
    global: { plugins: [createTexts({ 'zh-CN': zhCN, en })], provide: { [resolveKey as symbol]: resolve } },
  })
  return { wrapper, resolve }
}

it('a conflict shows every value with who, when and how surely, and keeps the one that was chosen', async () => {
  const field = {
    entity: 'e',
    field: 'f',
    conflict: true,
    live: [live('no', 'a'), live('yes', 'b', { uncertainty_ms: null })],
  }
  const { wrapper, resolve } = show(field)
  const text = wrapper.text()
  for (const part of ['<no>', '<yes>', '组 a', '组 b', '2026-11-24 13:05:09', '± 1.8 秒', '± 未知'])
    expect(text).toContain(part)
  await wrapper.findAll('[data-testid="conflict-keep"]')[1]?.trigger('click')
  await flushPromises()
  expect(resolve).toHaveBeenCalledExactlyOnceWith({ entity: 'e', field: 'f', keep: 'b', over: ['a', 'b'] })
})

it('a settled field shows its one value, and an erased one says so', () => {
  expect(show({ entity: 'e', field: 'f', conflict: false, live: [live('yes', 'a')] }).wrapper.text()).toBe('<yes>')
  expect(
    show({ entity: 'e', field: 'f', conflict: false, live: [live(null, 'a', { erased: true })] }).wrapper.text(),
  ).toBe('按令删除')
  expect(show({ entity: 'e', field: 'f', conflict: false, live: [] }).wrapper.text()).toBe('未填写')
})

it('a viewer sees every value and is offered no choice', () => {
  session.value = { user: 'u', role: 'viewer', city: 'c', city_name: '' }
  const { wrapper } = show({ entity: 'e', field: 'f', conflict: true, live: [live('no', 'a'), live('yes', 'b')] })
  expect(wrapper.text()).toContain('<yes>')
  expect(wrapper.find('[data-testid="conflict-keep"]').exists()).toBe(false)
})
