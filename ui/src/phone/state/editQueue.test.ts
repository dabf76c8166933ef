import { describe, expect, it } from 'vitest'
import { EditQueue, EditRefused, type Drawn } from './editQueue'

interface View {
  a: Drawn & { value: string }
}

const view = (value: string, token: string, conflict: string[] = []): View => ({ a: { value, token, conflict } })

/** An engine whose answers the test hands out one by one. */
function engine() {
  const calls: { token: string; answer: (v: View) => void; fail: (e: Error) => void }[] = []
  const call = (token: string) => new Promise<View>((answer, fail) => calls.push({ token, answer, fail }))
  return { calls, call }
}

const turn = () => new Promise((resolve) => setTimeout(resolve))

function setUp() {
  const shown: string[] = []
  const queue = new EditQueue<View>((v) => shown.push(v.a.value))
  const { calls, call } = engine()
  const tap = (drawn: View) => queue.edit('a', drawn.a, (v) => v.a, call)
  return { shown, queue, calls, tap }
}

describe('edit queue', () => {
  it('hands back the token of the drawn value', async () => {
    const { calls, tap } = setUp()
    void tap(view('', 't0'))
    await turn()
    expect(calls.map((c) => c.token)).toEqual(['t0'])
  })

  it('sends one edit at a time, and a quick second tap over the first one', async () => {
    const { calls, tap, shown } = setUp()
    const drawn = view('', 't0')
    const both = [tap(drawn), tap(drawn)]
    await turn()
    expect(calls).toHaveLength(1)
    calls[0]?.answer(view('yes', 't1'))
    await turn()
    expect(calls[1]?.token).toBe('t1')
    calls[1]?.answer(view('no', 't2'))
    await Promise.all(both)
    expect(shown).toEqual(['yes', 'no'])
  })

  it('does not bury a value that arrived with the answer to the tap before', async () => {
    const { calls, tap } = setUp()
    const drawn = view('', 't0')
    const first = tap(drawn)
    const second = tap(drawn)
    await turn()
    calls[0]?.answer(view('no', 't1', ['yes', 'no']))
    await first
    await expect(second).rejects.toBeInstanceOf(EditRefused)
    expect(calls).toHaveLength(1)
  })

  it('settles a conflict that was drawn', async () => {
    const { calls, tap } = setUp()
    const choice = tap(view('no', 'both', ['yes', 'no']))
    await turn()
    expect(calls[0]?.token).toBe('both')
    calls[0]?.answer(view('yes', 't3'))
    expect((await choice).conflict).toEqual([])
  })

  it('never takes the token of a refetch for a tap made before it', async () => {
    const { calls, tap, queue } = setUp()
    const refetch = queue.act(() => Promise.resolve(view('theirs', 't9')))
    void tap(view('', 't0'))
    await refetch
    await turn()
    expect(calls[0]?.token).toBe('t0')
  })

  it('goes on after a failure, with the drawn token', async () => {
    const { calls, tap } = setUp()
    const first = tap(view('', 't0'))
    await turn()
    calls[0]?.fail(new Error('disk full'))
    await expect(first).rejects.toThrow('disk full')
    void tap(view('', 't0'))
    await turn()
    expect(calls[1]?.token).toBe('t0')
  })

  it('forgets its own tokens once it is empty', async () => {
    const { calls, tap } = setUp()
    const first = tap(view('', 't0'))
    await turn()
    calls[0]?.answer(view('yes', 't1'))
    await first
    await turn()
    void tap(view('theirs', 't5'))
    await turn()
    expect(calls[1]?.token).toBe('t5')
  })

  it('refuses when far too much is waiting', async () => {
    const { queue } = setUp()
    const never = () => new Promise<View>(() => {})
    for (let i = 0; i < 100; i += 1) void queue.act(never)
    await expect(queue.act(never)).rejects.toMatchObject({ code: 'busy' })
  })
})
