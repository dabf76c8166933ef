import { describe, expect, it } from 'vitest'
import type { ConflictAbout } from '@/shared/backend'
import { aboutText, placeText, valueText, writtenText, type Words } from './conflictText'

const words: Words = {
  t: (key, values) => (values ? `${key} ${JSON.stringify(values)}` : key),
  word: (group, code) => `${group}:${code}`,
  pick: (both) => both.zh,
}
const item = { id: 'A-1', zh: '通道', en: 'Exit', unit: '人', choices: [] }
const about = (part: ConflictAbout['part']): ConflictAbout => ({ part, item: null, officer_name: null })

describe('a conflict in words', () => {
  it('names the item, the part or the person', () => {
    expect(aboutText({ ...about('answer'), item }, words)).toBe('A-1 通道')
    expect(aboutText({ ...about('finding_status'), item }, words)).toBe('conflicts.part.finding_status · A-1 通道')
    expect(aboutText({ ...about('member'), officer_name: '甲' }, words)).toBe('conflicts.part.member · 甲')
    expect(aboutText(about('mode'), words)).toBe('conflicts.part.mode')
  })

  it('shows each value by its part', () => {
    expect(valueText({ kind: 'answer', value: { kind: 'number', value: 3 } }, { ...about('answer'), item }, words)).toBe('3 人')
    expect(valueText({ kind: 'word', value: 'open' }, about('finding_status'), words)).toBe('findingStatus:open')
    expect(valueText({ kind: 'present', value: false }, about('member'), words)).toBe('member.absent')
    expect(valueText({ kind: 'erased' }, about('note'), words)).toBe('conflicts.erased')
  })

  it('says where a value was written only when that is known', () => {
    const position = { lat_e7: 378_700_000, lon_e7: 1_125_500_000, accuracy_m: 9 }
    expect(placeText(null, words)).toBeNull()
    expect(placeText({ at_hq: true, position: null, distance_m: null }, words)).toBe('conflicts.atHq')
    expect(placeText({ at_hq: false, position, distance_m: 40 }, words)).toContain('"distance":"40 m","m":9')
    expect(placeText({ at_hq: false, position, distance_m: null }, words)).toContain('37.87000')
  })

  it('names the author, or HQ where a desk has no name', () => {
    const by = { mine: false, officer_name: '甲', at_ms: 0, place: { at_hq: true, position: null, distance_m: null } }
    expect(writtenText(by, words)).toMatch(/^甲 · .* · conflicts.atHq$/)
    expect(writtenText({ ...by, officer_name: '' }, words)).toMatch(/^conflicts.atHq · [^·]*$/)
    expect(writtenText({ ...by, mine: true, place: null }, words)).toMatch(/^conflict.mine · [^·]*$/)
  })
})
