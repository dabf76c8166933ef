import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { api } from './api'
import { changedOf, closeLive, live, openLive, useChanges } from './live'

describe('news', () => {
  it('says what changed', () => {
    expect(changedOf('{"visits":true,"devices":false}')).toEqual({ visits: true, devices: false })
  })

  it('that is not understood counts as news about everything', () => {
    for (const data of ['', 'null', '{', '{"visits":1}', '[]']) {
      expect(changedOf(data)).toEqual({ visits: true, devices: true })
    }
  })
})

describe('the stream', () => {
  /** What the browser offers, with the strings in our hands. */
  class Stream extends EventTarget {
    static readonly CLOSED = 2
    static all: Stream[] = []
    readyState = 0
    constructor() {
      super()
      Stream.all.push(this)
    }
    close() {
      this.readyState = Stream.CLOSED
    }
    opens() {
      this.readyState = 1
      this.dispatchEvent(new Event('open'))
    }
    breaks(refused: boolean) {
      this.readyState = refused ? Stream.CLOSED : 0
      this.dispatchEvent(new Event('error'))
    }
    says(data: string) {
      this.dispatchEvent(new MessageEvent('changed', { data }))
    }
  }
  const stream = () => Stream.all.at(-1) as Stream

  function page() {
    const visits = vi.fn()
    const Page = defineComponent({
      setup() {
        useChanges('visits', visits)
        return () => h('p')
      },
    })
    return { visits, wrapper: mount(Page) }
  }

  beforeEach(() => {
    vi.useFakeTimers()
    Stream.all = []
    vi.stubGlobal('EventSource', Stream)
    openLive()
  })
  afterEach(() => {
    closeLive()
    vi.useRealTimers()
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })

  it('reaches who is on screen and asked for this kind, nobody else', () => {
    const { visits, wrapper } = page()
    stream().opens()
    stream().says('{"visits":true,"devices":false}')
    stream().says('{"visits":false,"devices":true}')
    expect(visits).toHaveBeenCalledTimes(1)
    wrapper.unmount()
    stream().says('{"visits":true,"devices":false}')
    expect(visits).toHaveBeenCalledTimes(1)
  })

  it('admits that it broke, and fetches everything once when it is back', () => {
    const { visits, wrapper } = page()
    stream().opens()
    expect(live.state).toBe('live')
    stream().breaks(false)
    expect(live.state).toBe('lost')
    stream().opens()
    expect(live.state).toBe('live')
    expect(visits).toHaveBeenCalledTimes(1)
    wrapper.unmount()
  })

  it('is asked for again after a refusal, later each time, as long as the session holds', async () => {
    const session = vi.spyOn(api, 'session').mockRejectedValueOnce(new Error('busy'))
    session.mockResolvedValue({ user: 'u', role: 'admin', city: 'c', city_name: '' })
    stream().breaks(true)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(Stream.all).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(3_999)
    expect(session).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(Stream.all).toHaveLength(2)
  })

  it('stays closed once the person signed out', async () => {
    const session = vi.spyOn(api, 'session')
    stream().breaks(true)
    closeLive()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(session).not.toHaveBeenCalled()
    expect(Stream.all).toHaveLength(1)
  })
})
