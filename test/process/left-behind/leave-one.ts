import { expect } from 'vitest'
import { startServer } from '../../support/server-process.ts'
import { isAlive } from './is-alive.ts'

const left: number[] = []

/** Starts a server for nobody, and says which one, and which of those that files before have left are alive. */
export async function leaveOne(): Promise<void> {
  const { process: server, url } = await startServer()
  expect(isAlive(server.pid!)).toBe(true)
  console.log(JSON.stringify({ pid: server.pid, url, before: left, alive: left.filter(isAlive) }))
  left.push(server.pid!)
}
