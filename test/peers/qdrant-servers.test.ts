import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  canonicalJson,
  parseJson,
  stringifyJson,
  type JsonObject,
  type JsonValue,
} from '../../src/encoding/json.ts'
import { call, download, type SnapshotDescription } from '../support/qdrant-rest.ts'
import { runCli, startServer, temporaryFolder, type ServerProcess } from '../support/server-process.ts'
import { hurried, hurriedWrite, keyed, shapes, type Shape } from './qdrant-servers/collections.ts'
import { startQdrant, type QdrantServer } from './qdrant-servers/program.ts'

// Archives of Qdrant servers that were built elsewhere, of 1.16 and later: what is restored here is what they say, and back again.

const programs = (process.env['STILLPOINT_QDRANT'] ?? '').split(delimiter).filter((path) => path !== '')
// A file has to have a test, and one that is left out is a failure to whoever counts them.
if (programs.length === 0)
  test('without servers', () => console.log('no Qdrant server is tried: STILLPOINT_QDRANT names no program'))

const hurriedWrites = 400
const restSteps = 600
const restStepMs = 200

/** By shard key and id: the payload to the digit, vectors as numbers. */
type Points = ReadonlyMap<string, { readonly payload: string; readonly vectors: JsonValue }>

describe.each(programs)('%s', { timeout: 300_000 }, (program) => {
  let there: QdrantServer
  let here: ServerProcess

  beforeAll(async () => {
    there = await startQdrant(program)
    here = await startServer()
    console.log(`${program} is ${there.version}`)
    for (const shape of shapes) {
      await make(there.url, shape)
      const path = `/collections/${shape.name}`
      await upload(here.url, path, await archiveOf(there.url, path))
    }
  }, 600_000)

  afterAll(async () => {
    await there.stop()
    await here.stop()
  })

  test.each(shapes.map(({ name }) => name))(
    '%s: points, configuration and indexes come over',
    async (name) => {
      expectSame(await pointsOf(here.url, name), await pointsOf(there.url, name))
      const [found, stated] = [await infoOf(here.url, name), await infoOf(there.url, name)]
      expect(found['config']).toMatchObject(stated['config'] as object)
      expect(found['payload_schema']).toEqual(stated['payload_schema'])
    },
  )

  test('the archive of a shard, stored and streamed, becomes the shard again', async () => {
    const shard = '/collections/rich/shards/0'
    const expected = await pointsOf(there.url, 'rich')
    const streamed = (await download(there.url, `${shard}/snapshot`)).bytes
    for (const archive of [await archiveOf(there.url, shard), streamed]) {
      const filter = { must: [{ key: 'yes', match: { value: true } }] }
      await call(here.url, 'POST', '/collections/rich/points/delete?wait=true', { filter })
      expect((await pointsOf(here.url, 'rich')).size).toBeLessThan(expected.size)
      await upload(here.url, shard, archive)
      expectSame(await pointsOf(here.url, 'rich'), expected)
    }
  })

  test('writes that nobody has waited for are in the archive, and come out of its log', async () => {
    await make(there.url, hurried)
    const path = `/collections/${hurried.name}`
    for (let n = 0; n < hurriedWrites; n++) await ask(there.url, hurried.name, hurriedWrite(n))
    const archive = await archiveOf(there.url, path)
    await rest(there.url, hurried.name)
    const expected = await pointsOf(there.url, hurried.name)
    expect(expected.size).toBeGreaterThan(500)
    await upload(here.url, path, archive)
    expectSame(await pointsOf(here.url, hurried.name), expected)
  })

  test('points keep their shard keys', async () => {
    const cluster = await startQdrant(program, { isCluster: true })
    await make(cluster.url, keyed)
    await upload(here.url, '/collections/keyed', await archiveOf(cluster.url, '/collections/keyed'))
    const expected = await pointsOf(cluster.url, 'keyed')
    expect(expected.size).toBe(180)
    expectSame(await pointsOf(here.url, 'keyed'), expected)
    await cluster.stop()
  })

  test('a server starts from the archive of the whole storage, with its aliases', async () => {
    const alias = { create_alias: { collection_name: 'plain', alias_name: 'current' } }
    await call(there.url, 'POST', '/collections/aliases', { actions: [alias] })
    const file = join(await temporaryFolder(), 'full.snapshot')
    await writeFile(file, await archiveOf(there.url, ''))
    const started = await startServer({ args: ['--storage-snapshot', file] })
    for (const { name } of shapes)
      expectSame(await pointsOf(started.url, name), await pointsOf(there.url, name))
    expectSame(await pointsOf(started.url, 'current'), await pointsOf(there.url, 'plain'))
    await started.stop()
  })

  test.each([
    ['point by point', []],
    ['by its snapshots', ['--snapshot']],
  ])('a running server is copied by one command, %s', async (_, flags) => {
    const home = await temporaryFolder()
    const store = ['--storage-path', join(home, 'storage')]
    const names = shapes.flatMap(({ name }) => ['--collection', name])
    const { code, stderr } = await runCli([
      'import',
      'qdrant',
      '--url',
      there.url,
      ...flags,
      ...names,
      ...store,
    ])
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    const started = await startServer({ home })
    for (const { name } of shapes)
      expectSame(await pointsOf(started.url, name), await pointsOf(there.url, name))
    await started.stop()
  })

  test('what is exported here is what Qdrant starts with', async () => {
    const file = join(await temporaryFolder(), 'rich.snapshot')
    const { code, stderr } = await runCli(['export', 'qdrant', 'rich', file, '--url', here.url])
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    const started = await startQdrant(program, { args: ['--snapshot', `${file}:rich`] })
    await rest(started.url, 'rich')
    expectSame(await pointsOf(started.url, 'rich'), await pointsOf(here.url, 'rich'))
    await started.stop()
  })

  test.each(shapes.map(({ name }) => name))(
    '%s: what is exported here is what Qdrant has of it',
    async (name) => {
      const { name: snapshot } = await call<SnapshotDescription>(
        here.url,
        'POST',
        `/collections/${name}/snapshots`,
      )
      const path = `/collections/${name}/snapshots/${snapshot}?format=qdrant`
      await upload(there.url, `/collections/back-${name}`, (await download(here.url, path)).bytes)
      await rest(there.url, `back-${name}`)
      expectSame(await pointsOf(there.url, `back-${name}`), await pointsOf(here.url, name))
    },
  )
})

async function make(url: string, { name, config, indexes = {}, steps }: Shape): Promise<void> {
  await call(url, 'PUT', `/collections/${name}`, config)
  for (const [field, schema] of Object.entries(indexes)) {
    const body = { field_name: field, field_schema: schema }
    await call(url, 'PUT', `/collections/${name}/index?wait=true`, body)
  }
  for (const step of steps) {
    if (step === 'optimized') await rest(url, name)
    else await ask(url, name, [step[0], `${step[1]}?wait=true`, step[2]])
  }
}

async function ask(
  url: string,
  name: string,
  [method, path, body]: readonly [string, string, object],
): Promise<void> {
  await call(url, method, `/collections/${name}/${path}`, body)
}

/** The archive of a collection, a shard or, by an empty path, of everything. */
async function archiveOf(url: string, path: string): Promise<Uint8Array> {
  const { name } = await call<SnapshotDescription>(url, 'POST', `${path}/snapshots?wait=true`)
  return (await download(url, `${path}/snapshots/${name}`)).bytes
}

async function upload(url: string, path: string, archive: Uint8Array): Promise<void> {
  const form = new FormData()
  form.append('snapshot', new Blob([Buffer.from(archive)]))
  const answer = await fetch(`${url}${path}/snapshots/upload?wait=true`, { method: 'POST', body: form })
  expect({ status: answer.status, text: await answer.text() }).toMatchObject({ status: 200 })
}

const infoOf = (url: string, name: string): Promise<JsonObject> => call(url, 'GET', `/collections/${name}`)

/** Waits until it says the same four times: 1.18 calls itself green between two things that it does. */
async function rest(url: string, name: string): Promise<void> {
  let last = ''
  for (let step = 0, same = 0; same < 4; step++) {
    if (step === restSteps) throw new Error(`${name} does not come to rest`)
    await wait(restStepMs)
    const now = canonicalJson(await infoOf(url, name))
    same = now === last && now.includes('"status":"green"') ? same + 1 : 0
    last = now
  }
}

async function pointsOf(url: string, name: string): Promise<Points> {
  const points = new Map<string, { readonly payload: string; readonly vectors: JsonValue }>()
  let offset: JsonValue = null
  do {
    const body = stringifyJson({ limit: 1_000, with_payload: true, with_vector: true, offset })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/collections/${name}/points/scroll`, { method: 'POST', headers, body })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${url} ${name}: ${text}`)
    const { result } = parseJson(text) as { result: JsonObject }
    for (const point of result['points'] as readonly JsonObject[]) {
      const key = stringifyJson([point['shard_key'] ?? null, point['id']!])
      points.set(key, { payload: canonicalJson(point['payload'] ?? {}), vectors: point['vector'] ?? {} })
    }
    offset = result['next_page_offset'] ?? null
  } while (offset !== null)
  return points
}

function expectSame(found: Points, expected: Points): void {
  expect(new Set(found.keys())).toEqual(new Set(expected.keys()))
  for (const [key, point] of expected) {
    const mine = found.get(key)!
    const isSame = mine.payload === point.payload && isNear(mine.vectors, point.vectors)
    expect({ key, ...(isSame ? point : mine) }).toEqual({ key, ...point })
  }
}

/** Of vectors: numbers to six digits, the entries of sparse ones in any order. */
function isNear(a: JsonValue | undefined, b: JsonValue): boolean {
  if (a === undefined) return false
  if (typeof b !== 'object' || b === null)
    return Math.abs(Number(a) - Number(b)) <= 1e-6 * Math.max(1, Math.abs(Number(b)))
  if (typeof a !== 'object' || a === null) return false
  if (Array.isArray(b)) {
    const [mine, others] = [a as readonly JsonValue[], b as readonly JsonValue[]]
    return (
      Array.isArray(a) &&
      mine.length === others.length &&
      others.every((value, at) => isNear(mine[at], value))
    )
  }
  const [mine, others] = [a as JsonObject, b as JsonObject]
  if (others['indices'] !== undefined && mine['indices'] !== undefined)
    return isNear(entriesOf(mine), entriesOf(others))
  const names = Object.keys(others)
  return names.length === Object.keys(mine).length && names.every((name) => isNear(mine[name], others[name]!))
}

function entriesOf(sparse: JsonObject): JsonValue {
  const values = sparse['values'] as readonly number[]
  const entries = (sparse['indices'] as readonly number[]).map((index, at) => [index, values[at]!] as const)
  return [...entries].sort(([a], [b]) => a - b)
}
