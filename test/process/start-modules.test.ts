import { join } from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import type * as stillpoint from '../../src/index.ts'
import { loadedPackages, recordingPackages } from '../support/loaded-packages.ts'
import { rest } from '../support/qdrant-rest.ts'
import { startServer, temporaryFolder } from '../support/server-process.ts'

const ours = new Set(Object.keys(manifest.dependencies))

test('a start loads the packages that the first answer needs, and the others come with whoever needs them', async () => {
  const home = await temporaryFolder()
  const server = await startServer({ home, env: await recordingPackages(home) })
  const { beforeGreeting } = loadedPackages(server.log())
  expect(beforeGreeting.filter((name) => ours.has(name))).toEqual([
    '@fastify/multipart',
    '@node-rs/crc32',
    'commander',
    'croner',
    'fastify',
    'pino',
  ])
  // Fastify's own compilers of schemas, which no route has.
  expect(beforeGreeting).not.toContain('ajv')
  const asked = [
    ['prom-client', 'GET', '/metrics'],
    ['zod', 'GET', '/v1/collections'],
    ['protobufjs', 'POST', '/v2/vectordb/collections/list'],
  ] as const
  for (const [name, method, path] of asked) {
    const { status, text } = await rest(server.url, method, path, method === 'GET' ? undefined : {})
    expect(status, text).toBe(200)
    expect(loadedPackages(server.log()).untilNow).toContain(name)
  }
  await server.stop()
})

test('an opening says when threads load the rows that it waits for', async () => {
  const path = join(await temporaryFolder(), 'storage')
  const { open } = await builtPackage()
  await fill(path)
  const events: string[] = []
  const db = await open(path, { lazy: true, background: false, onLoading: () => events.push('loading') })
  events.push(db.isLoaded ? 'open, loaded' : 'open')
  expect(events).toEqual(['loading', 'open, loaded'])
  expect(await db.getCollection('large').count()).toBe(6_601)
  await db.close()
})

async function builtPackage(): Promise<typeof stillpoint> {
  return (await import(new URL('../../dist/index.js', import.meta.url).href)) as typeof stillpoint
}

/** Segments that are large enough for threads, and a record behind the checkpoint. */
async function fill(path: string): Promise<void> {
  const { open } = await builtPackage()
  const db = await open(path, { background: false, flushOnClose: false })
  const size = 1_024
  const collection = await db.createCollection('large', { vectors: { '': { size, distance: 'Dot' } } })
  const vector = Array.from({ length: size }, (_, i) => i)
  for (const first of [1, 2, 3]) {
    const ids = Array.from({ length: 2_200 }, (_, i) => first * 10_000 + i)
    await collection.upsert(ids.map((id) => ({ id, vectors: { '': vector } })))
    await db.flush()
  }
  await collection.upsert([{ id: 1, vectors: { '': vector } }])
  await db.close()
}
