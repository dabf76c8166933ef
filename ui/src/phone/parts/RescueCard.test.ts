import { flushPromises, mount } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { backendKey, type RescueBundle } from '@/shared/backend'
import { fakeBackend, type Handlers } from '@/shared/backend/fake'
import { createTexts } from '@/shared/i18n'
import en from '../i18n/en.json'
import zh from '../i18n/zh-CN.json'
import RescueCard from './RescueCard.vue'

const bundle: RescueBundle = {
  path: '/data/rescue/a.age',
  size: 2_500_000,
  packets: 1,
  commits: 3,
  photos: 2,
  photos_missing: 0,
  commits_unsigned: 0,
}

const shown = (handlers: Handlers) =>
  mount(RescueCard, {
    global: {
      plugins: [createTexts({ 'zh-CN': zh, en })],
      provide: { [backendKey as symbol]: fakeBackend(handlers).backend },
    },
  })

test('a bundle is made, says what is in it, and is saved when the officer names a place', async () => {
  const answers = [false, true]
  const card = shown({ rescue_bundle: () => bundle, saveRescue: () => answers.shift() ?? true })
  const press = async (name: string) => {
    await card.get(`[data-testid=${name}]`).trigger('click')
    await flushPromises()
  }
  expect(card.find('[data-testid=rescue-save]').exists()).toBe(false)
  await press('rescue-make')
  expect(card.get('[data-testid=rescue-made]').text()).toContain('2.5 MB')
  await press('rescue-save')
  expect(card.find('[data-testid=rescue-saved]').exists()).toBe(false)
  await press('rescue-save')
  expect(card.find('[data-testid=rescue-saved]').exists()).toBe(true)
})

test('what stays behind is said, and a failure too', async () => {
  const lossy = { ...bundle, photos_missing: 4, commits_unsigned: 7 }
  const card = shown({ rescue_bundle: () => lossy })
  await card.get('[data-testid=rescue-make]').trigger('click')
  await flushPromises()
  expect(card.findAll('.warn-box').map((box) => /\d+/.exec(box.text())?.[0])).toEqual(['4', '7'])
  await card.get('[data-testid=rescue-save]').trigger('click')
  await flushPromises()
  expect(card.get('[data-testid=error]').attributes('data-code')).toBe('not_found')
})

test('a colleague’s file is taken, and it is said where it is', async () => {
  const hub = { running: false, text: null, qr_svg: null, phones: [], packets: 0, photos: 0, bytes: 0, quota_bytes: 1,
    delivered_packets: 0, delivered_photos: 0, bundles: 0, delivered_bundles: 0, refused_bundles: 0 }
  const card = shown({ hub_status: () => ({ ...hub, bundles: 2, refused_bundles: 1 }), carryRescue: () => true })
  await card.get('[data-testid=rescue-carry]').trigger('click')
  await flushPromises()
  expect(card.get('[data-testid=rescue-carried]').text()).toContain('2')
  expect(card.find('[data-testid=rescue-delivered]').exists()).toBe(false)
  expect(card.get('.warn-box').text()).toContain('1')
})
