import { flushPromises, mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { backendKey, CallError } from '@/shared/backend'
import { fakeBackend } from '@/shared/backend/fake'
import { createTexts } from '@/shared/i18n'
import en from '../../i18n/en.json'
import zh from '../../i18n/zh-CN.json'
import { appKey, createApp } from '../../state/app'
import EnrolPage from './EnrolPage.vue'

const QR = 'xuncha://enroll?u=https%3A%2F%2Fhq.example&c=AAAA-BBBB'

/** A page on which a photo was taken that reads as `read` says. */
async function scanned(read: () => string) {
  const { backend, asked } = fakeBackend({ readCode: read })
  const page = mount(EnrolPage, {
    global: {
      plugins: [createTexts({ 'zh-CN': zh, en })],
      provide: { [backendKey as symbol]: backend, [appKey as symbol]: createApp(backend) },
    },
  })
  const input = page.get('[data-testid="enrol-qr"]')
  Object.defineProperty(input.element, 'files', { value: [new File(['x'], 'qr.jpg')] })
  await input.trigger('change')
  await flushPromises()
  const code = (page.get('[data-testid="enrol-code"]').element as HTMLTextAreaElement).value
  return { page, code, enrolled: asked.filter(({ name }) => name === 'enroll').map(({ args }) => args) }
}

it('enrols with the QR in a photo', async () => {
  const { code, enrolled } = await scanned(() => QR)
  expect(code).toBe(QR)
  expect(enrolled).toEqual([{ text: QR, server_url: null }])
})

it('shows what a foreign QR says and sends nothing', async () => {
  const { code, enrolled } = await scanned(() => 'https://shop.example')
  expect(code).toBe('https://shop.example')
  expect(enrolled).toEqual([])
})

it('asks for another photo when there is no QR in it', async () => {
  const { page, code, enrolled } = await scanned(() => {
    throw new CallError({ code: 'code_unreadable', message: '' })
  })
  expect(page.text()).toContain('照片里没有找到二维码')
  expect(page.get('[data-testid="enrol-qr"]').attributes('disabled')).toBeUndefined()
  expect([code, enrolled]).toEqual(['', []])
})
