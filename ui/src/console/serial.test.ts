import { expect, it } from 'vitest'
import { serial } from './serial'

it('a burst during a run becomes exactly one more run', async () => {
  let runs = 0
  const gates: Array<() => void> = []
  const run = serial(() => {
    runs += 1
    return new Promise<void>((resolve) => gates.push(resolve))
  })
  const first = run()
  void run()
  void run()
  expect(runs).toBe(1)
  gates.shift()?.()
  await Promise.resolve()
  expect(runs).toBe(2)
  gates.shift()?.()
  await first
  expect(runs).toBe(2)
})

it('a failed run does not block the next', async () => {
  let fail = true
  const run = serial(async () => {
    if (fail) throw new Error('once')
  })
  await expect(run()).rejects.toThrow('once')
  fail = false
  await expect(run()).resolves.toBeUndefined()
})
