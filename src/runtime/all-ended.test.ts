import { expect, test } from 'vitest'
import { allEnded } from './all-ended.ts'

test('gives what all give, in their order', async () => {
  expect(await allEnded([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2])
  expect(await allEnded([])).toEqual([])
})

test('tells a failure only when everything has ended', async () => {
  let finish: () => void = () => undefined
  let hasEnded = false
  const slow = new Promise<void>((resolve) => (finish = resolve)).then(() => void (hasEnded = true))
  const all = allEnded([Promise.reject(new Error('first')), slow, Promise.reject(new Error('second'))])
  let isTold = false
  all.catch(() => void (isTold = true))
  await Promise.resolve().then(() => undefined)
  expect(isTold).toBe(false)
  finish()
  await expect(all).rejects.toThrow('first')
  expect(hasEnded).toBe(true)
})
