import { describe, expect, it } from 'vitest'
import { pinProblem, waitText } from './lock'

describe('a new PIN', () => {
  it('has six to twelve digits, twice', () => {
    expect(pinProblem('407193', '407193')).toBeUndefined()
    for (const pin of ['', '40719', '4071934071930', '40719a', '４０７１９３']) expect(pinProblem(pin, pin)).toBe('digits')
    expect(pinProblem('407193', '407194')).toBe('differs')
    expect(pinProblem('407193', '4071')).toBe('digits')
  })
})

describe('a wait', () => {
  it('is never said shorter than it is', () => {
    expect(waitText(29_001, 'en')).toContain('30')
    expect(waitText(60_001, 'en')).toContain('2')
    expect(waitText(900_000, 'zh-CN')).toContain('15')
  })
})
