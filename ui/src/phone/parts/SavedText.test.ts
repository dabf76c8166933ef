import { mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { createTexts } from '@/shared/i18n'
import { fakeBackend } from '@/shared/backend/fake'
import en from '../i18n/en.json'
import zh from '../i18n/zh-CN.json'
import type { Drawn } from '../state/editQueue'
import { openVisit, visitKey } from '../state/visit'
import SavedText from './SavedText.vue'

function mountText(props: { value: string; drawn: Drawn }) {
  const save = vi.fn<(text: string, drawn: Drawn) => Promise<Drawn | undefined>>(() =>
    Promise.resolve({ token: 't1', conflict: [] }))
  const session = openVisit(fakeBackend({ visit_leave: () => ({}) }).backend, 'v', { recorded() {}, failed() {} })
  const field = mount(SavedText, {
    props: { ...props, save, label: '备注', testid: 'note' },
    global: { plugins: [createTexts({ 'zh-CN': zh, en })], provide: { [visitKey as symbol]: session } },
  })
  const state = () => field.find('[data-state]').attributes('data-state')
  return { field, save, session, state, area: field.find('textarea') }
}

const drawn: Drawn = { token: 't0', conflict: [] }

describe('a text that saves itself', () => {
  it('says that typed words are not saved, and saves them over what was drawn when the field is left', async () => {
    const { area, save, state } = mountText({ value: '', drawn })
    await area.setValue('灭火器过期')
    expect(state()).toBe('typing')
    await area.trigger('blur')
    expect(save).toHaveBeenCalledExactlyOnceWith('灭火器过期', drawn)
  })

  it('does not take over a token that arrived while typing', async () => {
    const { field, area, save } = mountText({ value: '', drawn })
    await area.setValue('甲')
    await field.setProps({ value: '乙', drawn: { token: 't9', conflict: [] } })
    await area.trigger('blur')
    expect(save).toHaveBeenCalledExactlyOnceWith('甲', drawn)
  })

  it('follows the record while nobody types', async () => {
    const { field, area, state } = mountText({ value: '甲', drawn })
    await field.setProps({ value: '乙' })
    expect((area.element as HTMLTextAreaElement).value).toBe('乙')
    expect(state()).toBe('saved')
  })

  it('never settles a conflict by itself', async () => {
    const split: Drawn = { token: 'both', conflict: ['甲', '乙'] }
    const { field, area, save } = mountText({ value: '甲', drawn: split })
    await area.setValue('丙')
    await area.trigger('blur')
    expect(save).not.toHaveBeenCalled()
    await field.find('button').trigger('click')
    expect(save).toHaveBeenCalledExactlyOnceWith('丙', split)
  })

  it('hands in what is typed when the page goes away', async () => {
    const { area, save, session } = mountText({ value: '', drawn })
    await area.setValue('未营业')
    await session.leave()
    expect(save).toHaveBeenCalledExactlyOnceWith('未营业', drawn)
  })
})
