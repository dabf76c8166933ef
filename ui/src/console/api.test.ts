import { afterEach, describe, expect, it, vi } from 'vitest'
import { api, ApiError, queryString, whenSignedOut } from './api'

afterEach(() => vi.unstubAllGlobals())

const answer = (status: number, body?: unknown) =>
  vi.fn(
    async (_url: string, _init: RequestInit) =>
      new Response(body === undefined ? null : JSON.stringify(body), { status }),
  )

describe('requests', () => {
  it('carry the header against forged requests only where something changes', async () => {
    const fetched = answer(200, { needed: false })
    vi.stubGlobal('fetch', fetched)
    await api.setupNeeded()
    await api.closeDevice('d1')
    const headers = fetched.mock.calls.map(([, init]) => init.headers as Record<string, string>)
    expect(headers[0]).not.toHaveProperty('x-xuncha')
    expect(headers[1]).toHaveProperty('x-xuncha', '1')
    expect(fetched.mock.calls[1]?.[0]).toBe('/api/devices/d1/close')
  })

  it('give nothing for 204', async () => {
    vi.stubGlobal('fetch', answer(204))
    expect(await api.signOut()).toBeUndefined()
  })
})

describe('failures', () => {
  it('keep the code and the incident of HQ', async () => {
    vi.stubGlobal('fetch', answer(429, { code: 'too_many_attempts', message: '', incident: 'i7' }))
    await expect(api.signIn({ user: 'a', password: 'b' })).rejects.toMatchObject({
      code: 'too_many_attempts',
      incident: 'i7',
    })
  })

  it('tell the session apart from a wrong password', async () => {
    const signedOut = vi.fn()
    whenSignedOut(signedOut)
    vi.stubGlobal('fetch', answer(401, { code: 'wrong_password', message: '', incident: null }))
    await expect(api.signIn({ user: 'a', password: 'b' })).rejects.toBeInstanceOf(ApiError)
    expect(signedOut).not.toHaveBeenCalled()
    vi.stubGlobal('fetch', answer(401))
    await expect(api.devices()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(signedOut).toHaveBeenCalledOnce()
  })

  it('say unreachable when nobody answers', async () => {
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => Promise.reject(new TypeError('refused'))),
    )
    await expect(api.devices()).rejects.toMatchObject({ status: 0, code: 'unreachable' })
  })
})

it('a query names only what filters', () => {
  expect(queryString({ district: '140106', text: '', category: null, conflicts_only: false, limit: 50 })).toBe(
    '?district=140106&limit=50',
  )
  expect(queryString({})).toBe('')
})
