import { expect, it } from 'vitest'
import { CallError } from '@/shared/backend'
import { useAttempt } from './useAttempt'

it('is busy while the work runs and says what went wrong until the next try', async () => {
  const { busy, failed, attempt } = useAttempt()
  let end = () => {}
  const running = attempt(() => new Promise<void>((resolve) => { end = resolve }))
  expect(busy.value).toBe(true)
  end()
  await running
  expect([busy.value, failed.value]).toEqual([false, undefined])

  expect(await attempt(() => Promise.reject(new CallError({ code: 'disk_full', message: 'no space' })))).toBeUndefined()
  expect([busy.value, failed.value]).toEqual([false, 'disk_full'])
  expect(await attempt(() => Promise.resolve(7))).toBe(7)
  expect(failed.value).toBeUndefined()
})
