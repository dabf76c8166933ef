import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import { createTexts } from '@/shared/i18n'
import { api, ApiError } from '../api'
import en from '../i18n/en.json'
import zhCN from '../i18n/zh-CN.json'
import EnrolForm from './EnrolForm.vue'

afterEach(() => vi.restoreAllMocks())

const officer = { id: 'o1', name: '执法一组 A', certificate_no: '01-1001', team: null, team_name: null, devices: 0 }
const code = { code: 'AAAA-BBBB', text: 'xuncha://enroll?c=AAAA-BBBB', qr_svg: '<svg/>', expires_ms: 0 }

it('adds a new officer once, even when making the code fails the first time', async () => {
  vi.spyOn(api, 'officers').mockResolvedValue([])
  vi.spyOn(api, 'teams').mockResolvedValue([])
  const add = vi.spyOn(api, 'addOfficer').mockResolvedValue(officer)
  const make = vi.spyOn(api, 'enrolCode').mockRejectedValueOnce(new ApiError(503, 'busy')).mockResolvedValue(code)
  const form = mount(EnrolForm, { global: { plugins: [createTexts({ 'zh-CN': zhCN, en })] } })
  await flushPromises()
  await form.get('[data-testid="enrol-name"]').setValue(officer.name)
  await form.get('[data-testid="enrol-certificate"]').setValue(officer.certificate_no)
  await form.trigger('submit')
  await flushPromises()
  expect(form.text()).toContain('服务器繁忙')
  expect(form.emitted('made')).toBeUndefined()
  await form.trigger('submit')
  await flushPromises()
  expect(add).toHaveBeenCalledOnce()
  expect(make).toHaveBeenLastCalledWith({ officer: 'o1' })
  expect(form.emitted('made')).toEqual([[officer, code]])
})
