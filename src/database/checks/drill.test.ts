import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { cpSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Distance } from '../../collection/types.ts'
import { seededRandom } from '../../runtime/random.ts'
import { nodeDisk } from '../../storage/node-disk.ts'
import { CatalogState } from '../catalog-state.ts'
import type { Database } from '../database.ts'
import { open, type OpenOptions } from '../open.ts'
import type { Snapshot } from '../snapshot-handle.ts'

const distances: readonly Distance[] = ['Cosine', 'Dot', 'Euclid', 'Manhattan']

let folder: string
let db: Database
let snapshot: Snapshot
/** Of the database that was opened last. */
let catalog: CatalogState
/** Called with the name of each collection that comes to be. */
let onCollection: (name: string) => unknown = () => undefined

const { addCollection } = CatalogState.prototype
CatalogState.prototype.addCollection = function (state) {
  addCollection.call(this, state)
  note(this, state.name)
}

function note(changed: CatalogState, name: string): void {
  catalog = changed
  onCollection(name)
}

const options: OpenOptions = { workers: 0, background: false, flushOnClose: false, random: seededRandom(5) }

function config() {
  return {
    vectors: Object.fromEntries(distances.map((distance) => [distance, { size: 3, distance }])),
    shardNumber: 2,
    payloadIndexes: { n: { type: 'integer' as const } },
  }
}

async function fill(name: string, count: number): Promise<void> {
  const random = seededRandom(count)
  const vector = (): number[] => [random.next() - 0.5, random.next() - 0.5, random.next() - 0.5]
  await db.getCollection(name).upsert(
    Array.from({ length: count }, (_, id) => ({
      id,
      vectors: Object.fromEntries(distances.map((distance) => [distance, vector()])),
      payload: { n: id },
    })),
  )
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-drill-'))
  db = await open(folder, options)
  for (const name of ['a', 'b']) {
    await db.createCollection(name, config())
    await fill(name, 60)
    await db.flush()
    await db.getCollection(name).delete({ ids: [3, 4, 5] })
    await db.flush()
  }
  await db.updateAliases([{ kind: 'create', alias: 'same', collection: 'a' }])
  snapshot = await db.createSnapshot({ name: 's' })
})

afterEach(async () => {
  onCollection = () => undefined
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

async function objects(prefix: 'segments' | 'snapshots'): Promise<string[]> {
  const keys = []
  for (const name of await readdir(join(folder, prefix), { recursive: true }))
    if ((await stat(join(folder, prefix, name))).isFile()) keys.push(`${prefix}/${name}`)
  return keys.sort()
}

async function flip(key: string): Promise<void> {
  const bytes = await readFile(join(folder, key))
  bytes[bytes.length >>> 1]! ^= 4
  await writeFile(join(folder, key), bytes)
}

/** Nothing of a drill is left: neither in the catalog nor, after a start, in the store. */
async function expectNoClone(): Promise<void> {
  await db.flush()
  const newest = (await readdir(join(folder, 'catalog'))).sort().at(-1)!
  expect(catalog.collections.size).toBe(2)
  expect(await readFile(join(folder, 'catalog', newest), 'utf8')).not.toContain('drill-')
}

describe('a snapshot that is well', () => {
  test('counts, hashes and finds itself, and leaves a mark and nothing else', async () => {
    const hashes = {
      a: await db.getCollection('a').contentHash(),
      b: await db.getCollection('b').contentHash(),
    }
    const report = await snapshot.drill({ searches: 20 })
    expect(report.problems).toEqual([])
    expect(report.ok).toBe(true)
    expect(report.collections).toEqual([
      { name: 'a', pointCount: 57, contentHash: hashes.a, searches: 20 },
      { name: 'b', pointCount: 57, contentHash: hashes.b, searches: 20 },
    ])
    const { drilled, contentHashes, verified } = snapshot.info()
    expect(drilled).toMatchObject({ ok: true, problems: [], bytes: report.bytes })
    expect(contentHashes).toEqual(hashes)
    expect(verified).toBeNull()
    await expectNoClone()
  })

  test('every byte of its segments is read back from the store, though all are in memory', async () => {
    await snapshot.seal()
    const sizes = new Map<string, number>()
    for (const key of await objects('segments')) sizes.set(key, (await stat(join(folder, key))).size)
    const seen: { bytes: number; totalBytes: number; file: string }[] = []
    const { bytes } = await snapshot.drill({ onProgress: (progress) => seen.push(progress) })
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
    expect(new Set(seen.map(({ file }) => file))).toEqual(new Set(sizes.keys()))
    expect(bytes).toBeGreaterThanOrEqual(total)
    expect(seen.at(-1)).toMatchObject({ bytes: total, totalBytes: total })
  })

  test('its hash is kept: later drills and restarts compare with it', async () => {
    await snapshot.drill()
    const { contentHashes } = snapshot.info()
    await db.getCollection('a').upsert([{ id: 1, vectors: {}, payload: { n: -1 } }])
    await db.close()
    db = await open(folder, options)
    snapshot = db.findSnapshot(snapshot.id)!
    expect(snapshot.info().contentHashes).toEqual(contentHashes)
    const report = await snapshot.drill()
    expect(report.ok).toBe(true)
    expect(report.collections.map(({ contentHash }) => contentHash)).toEqual([
      contentHashes['a'],
      contentHashes['b'],
    ])
  })

  test('points with equal vectors, no vectors and no points at all', async () => {
    await db.createCollection('c', { vectors: { '': { size: 2, distance: 'Cosine' } } })
    await db
      .getCollection('c')
      .upsert([
        { id: 1, vectors: { '': [1, 1] } },
        { id: 2, vectors: { '': [1, 1] } },
        { id: 3, vectors: { '': [0, 0] } },
        { id: 4 },
      ])
    await db.createCollection('d', { vectors: {} })
    await db.getCollection('d').upsert([{ id: 1, payload: { n: 1 } }])
    await db.createCollection('e', { vectors: { '': { size: 2, distance: 'Dot' } } })
    const all = await db.createSnapshot({ name: 'all' })
    const report = await all.drill({ searches: 50 })
    expect(report.problems).toEqual([])
    const searches = Object.fromEntries(report.collections.map((one) => [one.name, one.searches]))
    expect(searches).toMatchObject({ c: 3, d: 0, e: 0 })
  })

  test('of a collection that is gone by now', async () => {
    await db.dropCollection('a')
    await db.flush()
    await db.collectGarbage()
    expect(await snapshot.drill()).toMatchObject({ ok: true })
  })
})

describe('damage is found and named', () => {
  beforeEach(() => snapshot.seal())

  const damages: Record<string, () => Promise<readonly string[]>> = {
    'a flipped bit in the rows': async () => {
      const key = (await objects('segments')).find((one) => one.endsWith('rows.parquet'))!
      await flip(key)
      return [key]
    },
    'a flipped bit in a graph file': async () => {
      const key = (await objects('segments')).find((one) => one.endsWith('.graph'))!
      await flip(key)
      return [key]
    },
    'a delta file that is gone': async () => {
      const key = (await objects('segments')).find((one) => one.includes('delta'))!
      await rm(join(folder, key))
      return [key]
    },
    'two files that were swapped': async () => {
      const keys = (await objects('segments')).filter((one) => one.endsWith('rows.parquet')).slice(0, 2)
      const [one, other] = await Promise.all(keys.map((key) => readFile(join(folder, key))))
      await writeFile(join(folder, keys[0]!), other!)
      await writeFile(join(folder, keys[1]!), one!)
      return keys
    },
    'a manifest with a flipped bit': async () => {
      const key = (await objects('snapshots')).find((one) => one.endsWith('.avro'))!
      await flip(key)
      return [key]
    },
    'a metadata document that is gone': async () => {
      const key = (await objects('snapshots')).find((one) => one.endsWith('.json'))!
      await rm(join(folder, key))
      return [key]
    },
  }

  for (const [name, damage] of Object.entries(damages)) {
    test(`${name}, by a drill and by a verification`, async () => {
      const keys = await damage()
      const drill = await snapshot.drill()
      expect(drill.ok).toBe(false)
      expect(drill.problems.map(({ file }) => file)).toEqual(keys)
      const { problems } = await snapshot.verify()
      expect(problems).toEqual(drill.problems)
      const { drilled, verified } = snapshot.info()
      expect(drilled).toMatchObject({ ok: false, problems: keys.map((key) => expect.stringContaining(key)) })
      expect(verified).toMatchObject({ ok: false })
      await expectNoClone()
    })
  }

  test('the collections that are well are drilled all the same', async () => {
    const avro = (await objects('snapshots')).filter((one) => one.endsWith('.avro'))
    const document = (await objects('snapshots')).filter((one) => one.endsWith('.json'))
    expect(document).toHaveLength(2)
    await flip(avro[0]!)
    const { collections } = await snapshot.drill()
    expect(collections).toHaveLength(1)
  })

  test('content that is not what it was, though every checksum fits', async () => {
    await snapshot.drill()
    // As if its files had been made anew, with other points: a hash that was kept of the past says so.
    const state = catalog.getSnapshot(snapshot.id)
    const [collection] = Object.keys(state.marks.contentHashes)
    const contentHashes = { ...state.marks.contentHashes, [collection!]: 'f'.repeat(64) }
    state.marks = { ...state.marks, contentHashes }
    const { ok, problems } = await snapshot.drill()
    expect(ok).toBe(false)
    expect(problems).toEqual([
      {
        file: expect.stringContaining('snapshots/') as string,
        why: expect.stringMatching(/^hash: /) as string,
      },
    ])
  })

  test('aliases and collections that are not those of the catalog', async () => {
    const state = catalog.getSnapshot(snapshot.id)
    state.record = { ...state.record, aliases: {} }
    const { problems } = await snapshot.drill()
    expect(problems.map(({ why }) => why)).toEqual(
      Array(2).fill('aliases: they are not those of the catalog'),
    )
  })
})

describe('the clone', () => {
  test('is gone after a drill that was cancelled at any moment', async () => {
    let steps = 1
    for (let at = 0; at < steps; at += 3) {
      const controller = new AbortController()
      let seen = 0
      const drill = snapshot.drill({
        signal: controller.signal,
        onProgress: () => {
          if (seen++ === at) controller.abort()
        },
      })
      await expect(drill).rejects.toMatchObject({ code: 'cancelled' })
      if (at === 0) {
        steps = 0
        await snapshot.drill({ onProgress: () => (steps += 1) })
      }
      expect(catalog.collections.size).toBe(2)
    }
    await expectNoClone()
  })

  test('is no part of the store: not listed, and in no cut through all of it', async () => {
    let cut: Promise<Snapshot> | undefined
    const names = new Set<string>()
    const clones = new Set<string>()
    onCollection = (name) => {
      clones.add(name)
      for (const collection of db.listCollections()) names.add(collection.name)
      cut ??= db.createSnapshot({ name: 'cut' })
    }
    await db.setRetention({ windowMs: 3_600_000 })
    expect(await snapshot.drill()).toMatchObject({ ok: true })
    expect(clones.size).toBe(2)
    expect([...clones].every((name) => /^drill-[0-9a-f-]{36}$/.test(name))).toBe(true)
    expect([...names].sort()).toEqual(['a', 'b'])
    expect((await cut!).info().collections.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(catalog.history.size).toBe(0)
  })

  test('of a crashed drill is removed at the next start, and nothing of a like name', async () => {
    const lookalike = `drill-${randomUUID()}`
    await db.createCollection(lookalike, config())
    await snapshot.seal()
    const crashed = join(folder, '../', `${folder.split('/').at(-1)!}-crashed`)
    await crashDuringDrill(crashed)
    const opened: string[] = []
    onCollection = (name) => opened.push(name)
    const after = await open(crashed, options)
    try {
      expect(opened.filter((name) => name.startsWith('drill-'))).toEqual([lookalike, expect.any(String)])
      expect(after.listCollections().map(({ name }) => name)).toEqual(['a', 'b', lookalike])
      expect(after.stats().collections).toBe(3)
      expect(catalog.collections.size).toBe(3)
      expect(await after.findSnapshot(snapshot.id)!.drill()).toMatchObject({ ok: true })
    } finally {
      await after.close()
      await rm(crashed, { recursive: true, force: true })
    }
  })

  /** A copy of the store as it is on the disk while the clone exists. */
  async function crashDuringDrill(target: string): Promise<void> {
    onCollection = () => {
      // In the tick in which the record is applied, and so before its clone can be dropped.
      cpSync(folder, target, { recursive: true, filter: (path) => !path.startsWith(`${folder}/lock`) })
      onCollection = () => undefined
    }
    await snapshot.drill()
  }

  test('two drills at once do not drop each other’s clones', async () => {
    const other = await db.createSnapshot({ name: 'other' })
    const reports = await Promise.all([snapshot.drill(), other.drill(), snapshot.drill()])
    expect(reports.map(({ ok }) => ok)).toEqual([true, true, true])
    await expectNoClone()
  })
})

test('a snapshot that is deleted meanwhile is not called damaged', async () => {
  await snapshot.seal()
  let deleting: Promise<unknown> | undefined
  const onProgress = (): void => {
    deleting ??= snapshot.delete().then(() => db.collectGarbage())
  }
  await expect(snapshot.drill({ onProgress })).rejects.toMatchObject({ code: 'snapshot-not-found' })
  await deleting
  await expectNoClone()
})

test('a file that cannot be read is a problem of its own', async () => {
  await snapshot.seal()
  await db.close()
  const key = (await objects('segments')).find((one) => one.endsWith('.graph'))!
  let isBroken = false
  const disk = new Proxy(nodeDisk, {
    get: (target, name, receiver) => {
      const value: unknown = Reflect.get(target, name, receiver)
      if (name !== 'readRange') return value
      return (path: string, offset: number, length: number) =>
        isBroken && path.endsWith(key)
          ? Promise.reject(Object.assign(new Error('i/o error'), { code: 'EIO' }))
          : target.readRange(path, offset, length)
    },
  })
  db = await open(folder, { ...options, unstable_disk: disk })
  isBroken = true
  const { problems } = await db.findSnapshot(snapshot.id)!.drill()
  expect(problems.map(({ file }) => file)).toEqual([key])
  expect(problems[0]!.why).toMatch(/^unreadable: /)
})

for (const searches of [-1, 1.5, Number.NaN]) {
  test(`${searches} searches are refused`, async () => {
    await expect(snapshot.drill({ searches })).rejects.toMatchObject({ code: 'request-invalid' })
  })
}
