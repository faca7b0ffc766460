import { test } from 'vitest'
import { leaveOne } from './leave-one.ts'

test('leaves a server and does not end', async () => {
  await leaveOne()
  await new Promise(() => setInterval(() => {}, 60_000))
})
