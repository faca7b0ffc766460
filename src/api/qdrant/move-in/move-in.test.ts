import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cut, FakeSource, HastyClock, refusal } from '../../../../test/support/fake-source.ts'
import { openTestQdrant, type TestQdrant } from '../../../../test/support/qdrant-door.ts'
import { open, parseJson, type Database } from '../../../index.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { MoveIn, type MoveRequest } from './move-in.ts'
import type { MoveResult } from './move-run.ts'

const url = 'http://source:6333'
const everything = { vectors: true, payload: true } as const
/** Small pages, so that there are many. */
const strict = { enabled: true, max_query_limit: 50 }

let source: TestQdrant
let fake: FakeSource
let folder: string
let database: Database
let moves: MoveIn
let clock: HastyClock

async function openTarget(): Promise<void> {
  database = await open(folder, { workers: 0, background: false })
  clock = new HastyClock()
  const random = seededRandom(7)
  moves = new MoveIn({ database, ask: fake.ask, clock, random, isAllowed: true })
}

beforeEach(async () => {
  source = await openTestQdrant()
  fake = new FakeSource(source.app)
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-move-in-'))
  await openTarget()
})

afterEach(async () => {
  await database.close()
  await source.close()
  await rm(folder, { recursive: true, force: true })
})

async function send(method: 'PUT' | 'POST', path: string, body: unknown): Promise<void> {
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await source.app.inject({ method, url: path, payload })
  if (answer.statusCode !== 200) throw new Error(answer.body)
}

/** Numbers and UUIDs by turns, from 0 on. */
const idOf = (n: number): number | string =>
  n % 2 === 0 ? n : `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`

async function makePlants(count: number): Promise<void> {
  await send('PUT', '/collections/plants', {
    vectors: { size: 2, distance: 'Dot' },
    strict_mode_config: strict,
  })
  for (let n = 0; n < count; n += 1_000) {
    const points = Array.from({ length: Math.min(1_000, count - n) }, (_, i) => ({
      id: idOf(n + i),
      vector: [n + i, 0.1],
      payload: { n: n + i },
    }))
    await source.database
      .getCollection('plants')
      .upsert(points.map(({ id, vector, payload }) => ({ id, vectors: { '': vector }, payload })))
  }
}

async function copy(request: Partial<MoveRequest> = {}, apiKey?: string): Promise<MoveResult> {
  return moves.start({ url, ...request }, apiKey).result
}

const hashes = async (name: string, into = name): Promise<readonly string[]> => [
  await source.database.getCollection(name).contentHash(),
  await database.getCollection(into).contentHash(),
]

function configs(name: string): readonly unknown[] {
  return [source.database, database].map((one) => {
    const { settings, ...config } = one.getCollection(name).config()
    return { ...config, settings: { ...settings, created_after: undefined } }
  })
}

describe('a copy', () => {
  test('has every value to the digit, and all of the configuration', async () => {
    await send('PUT', '/collections/odd', {
      vectors: {
        a: { size: 3, distance: 'Cosine', on_disk: true, hnsw_config: { m: 24 } },
        b: { size: 2, distance: 'Euclid', datatype: 'float16' },
        m: { size: 2, distance: 'Dot', multivector_config: { comparator: 'max_sim' } },
        u: { size: 2, distance: 'Dot', datatype: 'uint8' },
      },
      sparse_vectors: { s: { modifier: 'idf' }, t: { index: { on_disk: true } } },
      shard_number: 2,
      hnsw_config: { ef_construct: 222 },
      optimizers_config: { indexing_threshold: 12345 },
      quantization_config: { scalar: { type: 'int8', quantile: 0.98, always_ram: true } },
      strict_mode_config: { enabled: true, max_query_limit: 3 },
      metadata: { a: { b: 1.5 } },
    })
    const changed = await source.app.inject({
      method: 'PATCH',
      url: '/collections/odd',
      payload: '{"params":{"read_fan_out_factor":2,"replication_factor":3}}',
    })
    expect(changed.statusCode).toBe(200)
    const text = { type: 'text', tokenizer: 'word', lowercase: true, min_token_len: 2 }
    await send('PUT', '/collections/odd/index', { field_name: 'k', field_schema: 'keyword' })
    await send('PUT', '/collections/odd/index', { field_name: 't.x', field_schema: text })
    await send(
      'PUT',
      '/collections/odd/points',
      `{"points":[{"id":18446744073709551615,"vector":{"a":[1,2,3],"s":{"indices":[4294967295,7],"values":[0.1,-2.5e-7]}},
      "payload":{"big":18446744073709551615,"huge":123456789012345678901234567890,"f":1.0,"e":1e3,"d":0.10000000000000000001,"k":"ä\\u0000","__proto__":{"x":1}}},
      {"id":0,"vector":{},"payload":{}},{"id":"6f1a1c1e-0000-4000-8000-00000000abcd","vector":{"b":[0.333333,65504],"m":[[1.5,2],[3,4]],"u":[255,0]}},
      {"id":7,"vector":{"m":[[0.5,0.25],[3,4],[5,6]],"t":{"indices":[],"values":[]}},"payload":{"k":["a","b"]}},
      {"id":8,"vector":{"a":[0,0,0]},"payload":{"null":null}}]}`,
    )
    await send('POST', '/collections/aliases', {
      actions: [{ create_alias: { collection_name: 'odd', alias_name: 'strange' } }],
    })
    const { collections, aliases } = await copy()
    expect(collections).toMatchObject([{ name: 'odd', pointCount: 5, isIdentical: true, changedPoints: 0 }])
    expect(aliases).toEqual({ strange: 'odd' })
    const [there, here] = await hashes('odd')
    expect(here).toBe(there)
    const [before, after] = configs('odd')
    expect(after).toEqual(before)
    const [point] = await database.getCollection('strange').get([2n ** 64n - 1n], everything)
    const [original] = await source.database.getCollection('odd').get([2n ** 64n - 1n], everything)
    expect(point?.payload?.text).toBe(original?.payload?.text)
    expect(point?.payload?.text).toContain('"f":1.0,"e":1e3,"d":0.10000000000000000001')
    expect(point?.vectors).toEqual(original?.vectors)
    expect(database.listDrafts()).toEqual([])
    expect(database.documents.list('move-in/')).toEqual([])
  })

  test('keeps vectors of half precision bit for bit, which are not quite at length one', async () => {
    await send('PUT', '/collections/halves', {
      vectors: {
        a: { size: 6, distance: 'Cosine', datatype: 'float16' },
        m: {
          size: 6,
          distance: 'Cosine',
          datatype: 'float16',
          multivector_config: { comparator: 'max_sim' },
        },
      },
    })
    const random = seededRandom(81)
    const vector = (): number[] => Array.from({ length: 6 }, () => random.next() * 2 - 1)
    const points = Array.from({ length: 200 }, (_, id) => ({
      id,
      vector: { a: vector(), m: [vector(), vector()] },
    }))
    await send('PUT', '/collections/halves/points', { points })
    expect(await copy()).toMatchObject({ collections: [{ isIdentical: true }] })
    const [there, here] = await hashes('halves')
    expect(here).toBe(there)
  })

  test('of vectors that are other ones here says so', async () => {
    const vectors = { '': { size: 2, distance: 'Cosine', keepsLength: true } } as const
    const long = await source.database.createCollection('long', { vectors })
    await long.upsert([{ id: 1, vectors: { '': [3, 4] } }])
    expect(await copy()).toMatchObject({ collections: [{ isIdentical: false }] })
  })

  test('of many points is read in several stretches at once', async () => {
    await makePlants(6_000)
    const { collections } = await copy({ parallel: 3, collections: { plants: 'herbs' } })
    expect(collections).toMatchObject([
      { source: 'plants', name: 'herbs', pointCount: 6_000, isIdentical: true },
    ])
    const [there, here] = await hashes('plants', 'herbs')
    expect(here).toBe(there)
    // A page of 50 for each, twice, and the last one of each stretch.
    expect(fake.scrolls.length).toBeLessThan(270)
    const first = fake.scrolls.slice(0, 3).map(({ body }) => body)
    expect(new Set(first).size).toBe(3)
  })

  test('does not touch what has the name, nor show itself, until the end', async () => {
    await makePlants(200)
    const old = await database.createCollection('plants', { vectors: { '': { size: 1, distance: 'Dot' } } })
    await old.upsert([{ id: 1, vectors: { '': [5] } }])
    await expect(copy()).rejects.toMatchObject({ code: 'collection-exists' })
    expect(fake.scrolls).toEqual([])
    const seen: unknown[] = []
    fake.misbehaviour = {
      before: () => {
        seen.push(
          database
            .listCollections()
            .map(({ name }) => `${name} ${database.getCollection(name).info().pointCount}`),
        )
        return undefined
      },
    }
    const { undo } = await copy({ replace: true })
    expect(new Set(seen.map(String))).toEqual(new Set(['plants 1']))
    expect(database.getCollection('plants').info().pointCount).toBe(200)
    await database.rollback('plants', undo!)
    expect(database.getCollection('plants').info().pointCount).toBe(1)
  })

  test('of two collections into one name is refused', async () => {
    await expect(copy({ collections: { a: 'x', b: 'x' } })).rejects.toThrow('two collections into "x"')
  })

  test('sends the key with every request and keeps it nowhere', async () => {
    await makePlants(10)
    await copy({}, 'very-secret')
    expect(new Set(fake.requests.map(({ apiKey }) => apiKey))).toEqual(new Set(['very-secret']))
    expect(JSON.stringify(database.jobs.list())).not.toContain('very-secret')
    expect(() => moves.start({ url: 'http://user:pw@source' }, undefined)).toThrow('nothing else')
    expect(() => moves.start({ url: 'file:///etc' }, undefined)).toThrow('no http or https URL')
  })
})

describe('a source that fails', () => {
  test('for a moment is asked again, later and later', async () => {
    await makePlants(500)
    let failures = 0
    fake.misbehaviour = {
      before: ({ path }, count) => {
        if (!path.endsWith('/scroll') || count % 3 !== 0) return undefined
        failures += 1
        throw failures % 2 === 0 ? refusal(503, 'busy') : cut()
      },
      cutAfter: (_request, count) => (count % 5 === 0 ? 1_500 : undefined),
    }
    const { collections } = await copy()
    expect(collections[0]).toMatchObject({ pointCount: 500, isIdentical: true })
    expect(failures).toBeGreaterThan(3)
  })

  test('for long fails the job, and the next one goes on where it was', async () => {
    await makePlants(4_000)
    let pages = 0
    fake.misbehaviour = {
      before: ({ path }) => {
        if (path.endsWith('/scroll') && (pages += 1) > 30) throw cut()
        return undefined
      },
    }
    await expect(copy({ parallel: 2 })).rejects.toMatchObject({ code: 'download-failed' })
    expect(clock.waitsMs.some((ms) => ms >= 15_000)).toBe(true)
    expect(database.listCollections()).toEqual([])
    expect(moves.unfinished()).toMatchObject([{ into: 'plants', collection: 'plants', source: url }])
    const before = moves.unfinished()[0]!.copiedPoints
    expect(before).toBeGreaterThanOrEqual(1_400)
    fake.misbehaviour = {}
    fake.requests.length = 0
    const { collections } = await copy({ parallel: 2, compare: false })
    expect(collections[0]).toMatchObject({ pointCount: 4_000, contentHash: null, isIdentical: null })
    expect(fake.scrolls.length).toBeLessThanOrEqual((4_000 - before) / 50 + 4)
    const [there, here] = await hashes('plants')
    expect(here).toBe(there)
  })

  test('is another one when its collection has another configuration: the copy begins anew', async () => {
    await makePlants(200)
    fake.misbehaviour = {
      before: ({ path }) => (path.endsWith('/scroll') ? Promise.reject(cut()) : undefined),
    }
    await expect(copy()).rejects.toMatchObject({ code: 'download-failed' })
    const [draft] = database.listDrafts()
    await send('PUT', '/collections/plants/index', { field_name: 'n', field_schema: 'integer' })
    fake.misbehaviour = {}
    await copy()
    expect(database.getCollection('plants').config().payloadIndexes).toMatchObject({ n: { type: 'integer' } })
    expect(database.findCollection(draft!.name)).toBeUndefined()
  })

  test('can be given up', async () => {
    await makePlants(200)
    fake.misbehaviour = {
      before: ({ path }) => (path.endsWith('/scroll') ? Promise.reject(cut()) : undefined),
    }
    await expect(copy()).rejects.toMatchObject({ code: 'download-failed' })
    expect(await moves.discard('plants')).toBe(true)
    expect(await moves.discard('plants')).toBe(false)
    expect(database.listDrafts()).toEqual([])
    expect(database.documents.list('move-in/')).toEqual([])
  })
})

describe('a copy that is interrupted', () => {
  /** Resolves when so many pages were asked for; then requests hang until they are cancelled. */
  function hangAfter(pages: number): Promise<void> {
    return new Promise((resolve) => {
      let asked = 0
      fake.misbehaviour = {
        before: async ({ path }) => {
          if (!path.endsWith('/scroll') || (asked += 1) <= pages) return undefined
          resolve()
          await new Promise((_, reject) => (release = () => reject(cut())))
          return undefined
        },
      }
    })
  }
  let release: () => void = () => undefined

  test('by its user leaves nothing', async () => {
    await makePlants(1_000)
    const hanging = hangAfter(5)
    const job = moves.start({ url, parallel: 1 }, undefined)
    job.result.catch(() => undefined)
    await hanging
    expect(database.listDrafts()).toHaveLength(1)
    database.jobs.cancel(job.id)
    release()
    expect(await database.jobs.wait(job.id)).toMatchObject({ state: 'cancelled' })
    expect(database.listDrafts()).toEqual([])
    expect(database.documents.list('move-in/')).toEqual([])
    expect(database.listCollections()).toEqual([])
  })

  test('by the end of the process goes on by itself', async () => {
    await makePlants(1_000)
    const hanging = hangAfter(5)
    const job = moves.start({ url, parallel: 1 }, undefined)
    job.result.catch(() => undefined)
    await hanging
    const closing = database.close()
    release()
    await closing
    fake.misbehaviour = {}
    fake.requests.length = 0
    await openTarget()
    const info = await database.jobs.wait(job.id)
    expect(info).toMatchObject({ state: 'completed', attempt: 2 })
    expect(info.result).toMatchObject({ collections: [{ pointCount: 1_000, isIdentical: true }] })
    const offsets = fake.scrolls.map(({ body }) => (parseJson(body) as { offset?: unknown }).offset)
    expect(offsets[0]).toBeDefined()
    const [there, here] = await hashes('plants')
    expect(here).toBe(there)
  })

  test('and needs a key says so, and goes on when it is asked again', async () => {
    await makePlants(1_000)
    const hanging = hangAfter(5)
    const job = moves.start({ url, parallel: 1 }, 'key')
    job.result.catch(() => undefined)
    await hanging
    const closing = database.close()
    release()
    await closing
    fake.misbehaviour = {}
    await openTarget()
    expect(await database.jobs.wait(job.id)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('Start it again') as string,
    })
    expect(moves.unfinished()[0]!.copiedPoints).toBeGreaterThan(0)
    expect((await copy({}, 'key')).collections).toMatchObject([{ pointCount: 1_000, isIdentical: true }])
  })

  test('after it got its names is complete, and its leftovers go', async () => {
    await makePlants(100)
    const draft = await database.createDraft({ vectors: {} })
    const lost = await database.createDraft({ vectors: {} })
    const kept = { source: url, collection: 'x', request: '', draft: draft.name, ranges: [] }
    await database.documents.put('move-in/copy/x', kept)
    await database.documents.put('move-in/done/an-earlier-job', { into: ['x'], result: {} })
    await copy()
    expect(database.listDrafts()).toEqual([])
    expect(database.findCollection(lost.name)).toBeUndefined()
    expect(database.documents.list('move-in/')).toEqual([])
  })
})
