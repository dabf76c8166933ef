import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import { createTexts } from '@/shared/i18n'
import { api, ApiError } from '../api'
import en from '../i18n/en.json'
import zhCN from '../i18n/zh-CN.json'
import MoveDialog from './MoveDialog.vue'

afterEach(() => vi.restoreAllMocks())

const teams = [
  { id: 't1', name: '一中队', tier: 'brigade', district: null },
  { id: 't2', name: '二中队', tier: 'district', district: '140105' },
]
const officer = { id: 'o1', name: '甲', certificate_no: '01-1001', team: 't1', team_name: '一中队', devices: 1 }

it('names the team that it showed, and shows the newer one when somebody else was faster', async () => {
  const officers = vi.spyOn(api, 'officers').mockResolvedValue([officer])
  vi.spyOn(api, 'teams').mockResolvedValue(teams)
  const move = vi.spyOn(api, 'moveOfficer').mockRejectedValueOnce(new ApiError(409, 'stale'))
  const dialog = mount(MoveDialog, {
    props: { officer: 'o1' },
    global: {
      plugins: [createTexts({ 'zh-CN': zhCN, en })],
      stubs: { ElDialog: { template: '<div><slot /></div>' } },
    },
  })
  await flushPromises()
  const choices = () => dialog.findAll('option').map((option) => option.attributes('value'))
  expect(choices()).toEqual(['', 't2'])
  await dialog.get('[data-testid="move-to"]').setValue('t2')
  officers.mockResolvedValue([{ ...officer, team: 't2', team_name: '二中队' }])
  await dialog.get('form').trigger('submit')
  await flushPromises()
  expect(move).toHaveBeenCalledWith('o1', { from: 't1', to: 't2' })
  expect(dialog.emitted('done')).toBeUndefined()
  expect(dialog.get('[data-testid="move-from"]').text()).toBe('二中队')
  expect(dialog.find('[role="alert"]').exists()).toBe(true)
})
