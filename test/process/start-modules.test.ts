import { join } from 'node:path'
import { expect, test } from 'vitest'
import type * as stillpoint from '../../src/index.ts'
import { recordingPackages } from '../support/loaded-packages.ts'
import { startServer, temporaryFolder } from '../support/server-process.ts'

test('the server’s modules are compiled while threads load the rows that replaying needs', async () => {
  const home = await temporaryFolder()
  await fill(join(home, 'storage'))
  const server = await startServer({ home, env: await recordingPackages(home) })
  const log = server.log()
  const at = (text: string): number => {
    expect(log).toContain(text)
    return log.indexOf(text)
  }
  expect(at('loaded fastify')).toBeLessThan(at('"msg":"database open"'))
  await server.stop()
})

/** Segments that are large enough for threads, and a record behind the checkpoint. */
async function fill(path: string): Promise<void> {
  const built = new URL('../../dist/index.js', import.meta.url).href
  const { open } = (await import(built)) as typeof stillpoint
  const db = await open(path, { background: false, flushOnClose: false })
  const size = 1_024
  const collection = await db.createCollection('large', { vectors: { '': { size, distance: 'Dot' } } })
  const vector = Array.from({ length: size }, (_, i) => i)
  for (const first of [1, 2, 3]) {
    const ids = Array.from({ length: 1_100 }, (_, i) => first * 10_000 + i)
    await collection.upsert(ids.map((id) => ({ id, vectors: { '': vector } })))
    await db.flush()
  }
  await collection.upsert([{ id: 1, vectors: { '': vector } }])
  await db.close()
}
