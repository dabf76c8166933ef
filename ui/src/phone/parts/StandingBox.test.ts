import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import type { Standing } from '@/shared/backend'
import { createTexts } from '@/shared/i18n'
import en from '../i18n/en.json'
import zh from '../i18n/zh-CN.json'
import StandingBox from './StandingBox.vue'

const stands: Standing = {
  basis: 'b', token: 't', reason_token: 'r', retracted: false, because: null, news: 0, disputed: false, by: null,
}

const show = (standing: Standing) =>
  mount(StandingBox, {
    props: { standing, what: '这个问题', testid: 'thing' },
    global: { plugins: [createTexts({ 'zh-CN': zh, en })], stubs: { teleport: true } },
  })

it('offers nothing but a quiet button while a thing counts', () => {
  const box = show(stands)
  expect(box.find('[data-testid="thing-retracted"]').exists()).toBe(false)
  expect(box.find('[data-testid="thing-retract"]').text()).toContain('这个问题')
})

it('says why a thing was taken back, and lets it stand again by one tap', async () => {
  const box = show({ ...stands, retracted: true, because: '看错了' })
  expect(box.text()).toContain('看错了')
  expect(box.find('[data-testid="thing-retract"]').exists()).toBe(false)
  await box.find('[data-testid="thing-restore"]').trigger('click')
  expect(box.emitted('decide')).toEqual([[false, '']])
})

it('warns of news, and then both ways are open', () => {
  const box = show({ ...stands, retracted: true, news: 2 })
  expect(box.find('[data-testid="thing-retracted"]').classes()).toContain('warn-box')
  expect(box.find('[data-testid="thing-retract"]').exists()).toBe(true)
  expect(box.find('[data-testid="thing-restore"]').exists()).toBe(true)
})
