import { expect, it } from 'vitest'
import { changedOf } from './live'

it('reads what changed', () => {
  expect(changedOf('{"visits":true,"devices":false}')).toEqual({ visits: true, devices: false })
})

it('takes news it does not understand for news about everything', () => {
  for (const data of ['', 'null', '{', '{"visits":1}', '[]'])
    expect(changedOf(data)).toEqual({ visits: true, devices: true })
})
