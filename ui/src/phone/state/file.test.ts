import { describe, expect, it } from 'vitest'
import { base64 } from './file'

describe('base64', () => {
  it('keeps every byte, also of a long file', async () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, at) => at % 256)
    const back = Uint8Array.from(atob(await base64(new Blob([bytes]))), (char) => char.charCodeAt(0))
    expect(back).toEqual(bytes)
  })
})
