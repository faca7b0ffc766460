import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Collection } from '../database/collection-handle.ts'
import type { Database } from '../database/database.ts'
import { open } from '../database/open.ts'
import { diffLines } from './diff-lines.ts'

let folder: string
let db: Database

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-diff-'))
  db = await reopen()
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

const reopen = (): Promise<Database> => open(folder, { workers: 0, background: false, flushOnClose: false })

async function found(
  from: string,
  to: string,
): Promise<{ lines: string[]; unchanged: number; rows: number }> {
  await using diff = await db.diff(from, to)
  const lines: string[] = []
  const counts = { added: 0, removed: 0, changed: 0 }
  for await (const { kind, id, vectors, payload } of diff.points()) {
    counts[kind] += 1
    lines.push(
      kind === 'changed' ? `changed ${id} ${[...vectors].sort().join(',')} ${payload}` : `${kind} ${id}`,
    )
  }
  expect(diff.counts).toMatchObject(counts)
  return { lines: lines.sort(), unchanged: diff.counts.unchanged, rows: diff.rowsCompared }
}

const config = (shardNumber: number) => ({
  vectors: { '': { size: 2, distance: 'Dot' as const }, side: { size: 1, distance: 'Dot' as const } },
  shardNumber,
})

describe('a diff', () => {
  test('costs what changed, not what exists', async () => {
    const costs: number[] = []
    for (const size of [2_000, 20_000]) {
      const name = `c${size}`
      const collection = await db.createCollection(name, config(2))
      await fill(collection, size)
      await db.flush()
      const snapshot = await collection.createSnapshot({ name: 'then' })
      for (let id = 0; id < 20; id++) await collection.upsert([{ id, vectors: { '': [9, 9] } }])
      await collection.delete({ ids: [30, 31] })
      await db.flush()
      const { lines, rows } = await found(`${name}@${snapshot.name}`, name)
      expect(lines).toHaveLength(22)
      costs.push(rows)
    }
    expect(costs).toEqual([42, 42])
  })

  test('knows that a point written again as it was has not changed, nor one whose payload is spelled otherwise', async () => {
    const collection = await db.createCollection('c', config(1))
    await collection.upsert([{ id: 1, vectors: { '': [1, 2] }, payload: { a: 1, b: [1, 2] } }])
    await collection.createSnapshot({ name: 's' })
    await collection.upsert([{ id: 1, vectors: { '': [1, 2] }, payload: { b: [1, 2], a: 1 } }])
    const { lines, unchanged, rows } = await found('c@s', 'c')
    expect(lines).toEqual([])
    expect(unchanged).toBe(1)
    expect(rows).toBe(2)
  })

  test('does not take the numbers of another database for its own', async () => {
    const otherFolder = await mkdtemp(join(tmpdir(), 'stillpoint-diff-other-'))
    try {
      const archives: Uint8Array[][] = []
      for (const vector of [
        [1, 2],
        [1, 3],
      ]) {
        // The same history, record for record, but for what is in the points.
        await using other = await open(join(otherFolder, String(vector[1])), {
          workers: 0,
          background: false,
        })
        const collection = await other.createCollection('c', config(1))
        await collection.upsert([
          { id: 1, vectors: { '': vector }, payload: { a: 1 } },
          { id: 2, vectors: { '': [0, 0] }, payload: { of: vector } },
          { id: 3, vectors: { '': [0, 0] } },
        ])
        await using archive = await (await collection.createSnapshot()).archive()
        archives.push(await collected(archive.stream()))
      }
      for (const [index, chunks] of archives.entries())
        await db.restoreArchive(Readable.from(chunks), { into: `c${index}` })
      const [one, two] = await Promise.all(
        ['c0', 'c1'].map(async (name) => (await db.getCollection(name).get([1]))[0]!.version),
      )
      expect(one).toBe(two)
      const { lines, unchanged } = await found('c0', 'c1')
      expect(lines).toEqual(['changed 1  false', 'changed 2  true'])
      expect(unchanged).toBe(1)
    } finally {
      await rm(otherFolder, { recursive: true, force: true })
    }
  })

  test('matches points by id where merges, shard numbers and vectors differ, and counts what that costs', async () => {
    const collection = await db.createCollection('c', config(3))
    for (let at = 0; at < 400; at += 100) {
      await fill(collection, 100, at)
      await db.flush()
    }
    await collection.createSnapshot({ name: 's' })
    await collection.upsert([{ id: 5, vectors: { '': [7, 7] } }])
    await db.flush()
    await db.optimize()
    const merged = await found('c@s', 'c')
    expect(merged).toMatchObject({ lines: ['changed 5  true'], unchanged: 399 })
    expect(merged.rows).toBeGreaterThan(400)
    await db.restorePartial('c', { as: 'one', shardNumber: 1 })
    expect(await found('c', 'one')).toEqual({ lines: [], unchanged: 400, rows: 800 })
    await db.restorePartial('c', { as: 'bare', vectors: [], ids: [5, 6] })
    const { lines, unchanged } = await found('bare', 'c')
    expect(lines.filter((line) => line.startsWith('changed'))).toEqual([
      'changed 5  false',
      'changed 6  false',
    ])
    expect(unchanged).toBe(0)
    expect(lines).toHaveLength(400)
  })

  test('gives points in id order, whatever the order of the rows', async () => {
    const collection = await db.createCollection('c', config(2))
    const uuid = '00000000-0000-4000-8000-000000000000'
    await collection.upsert(
      [uuid, 2n ** 60n, ...Array.from({ length: 300 }, (_, i) => 300 - i)].map((id) => ({ id })),
    )
    await collection.createSnapshot({ name: 's' })
    await collection.delete({ ids: [uuid, 7, 2n ** 60n, 200, 9, 10] })
    await collection.upsert([{ id: 1_000 }, { id: 8 }])
    await using diff = await db.diff('c@s', 'c')
    const points = await collected(diff.points())
    expect(points.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      ...['removed 7', 'removed 9', 'removed 10', 'removed 200', 'added 1000'],
      ...[`removed ${2n ** 60n}`, `removed ${uuid}`],
    ])
    expect(diff.rowsCompared).toBe(9)
  })

  test('holds both moments until it is closed, and is not read after that', async () => {
    const collection = await db.createCollection('c', config(1))
    await fill(collection, 5_000)
    const snapshot = await collection.createSnapshot({ name: 's' })
    await collection.delete({ filter: { must: [{ kind: 'field', path: 'n', match: { value: 1 } }] } })
    const diff = await db.diff('c@s', 'c')
    await snapshot.delete()
    await db.dropCollection('c')
    await db.collectGarbage()
    const removed = await collected(diff.points({ payload: true, vectors: true }))
    expect(removed).toHaveLength(diff.counts.removed)
    expect(removed[0]).toMatchObject({ kind: 'removed', id: 1 })
    expect(removed[0]!.before!.vectors!['']).toEqual(Float32Array.of(1, 1))
    const points = diff.points()[Symbol.asyncIterator]()
    await points.next()
    diff.close()
    diff.close()
    await expect(points.next()).rejects.toMatchObject({ code: 'database-closed' })
    await expect(collected(diff.points())).rejects.toMatchObject({ code: 'database-closed' })
    await expect(collected(diffLines(diff))).rejects.toMatchObject({ code: 'database-closed' })
  })

  test('as lines: the counts first, ids and numbers exact, the points if they are wanted', async () => {
    const collection = await db.createCollection('c', config(1))
    await collection.createSnapshot({ name: 's' })
    await collection.upsert([{ id: 2n ** 63n + 1n, vectors: { '': [1, 2] }, payload: { n: 1 } }])
    await using diff = await db.diff('c@s', 'c')
    const lines: string[] = []
    for await (const text of diffLines(diff, { withPoints: true })) lines.push(text)
    expect(JSON.parse(lines[0]!)).toMatchObject({
      from: { reference: 'c@s' },
      counts: { added: 1, removed: 0, changed: 0, unchanged: 0 },
    })
    expect(lines[1]).toContain('"id":9223372036854775809')
    expect(lines[1]).toContain('"after":{"vectors":{"":[1,2]},"payload":{"n":1}}')
  })

  test('names what it does not find, and can be cancelled', async () => {
    const collection = await db.createCollection('c', config(1))
    await expect(db.diff('c', 'c@nothing')).rejects.toMatchObject({ code: 'snapshot-not-found' })
    await expect(db.diff('d', 'c')).rejects.toMatchObject({ code: 'collection-not-found' })
    await collection.createSnapshot({ name: 's' })
    await fill(collection, 5_000)
    await expect(db.diff('c@s', 'c', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    })
  })
})

async function fill(collection: Collection, size: number, first = 0): Promise<void> {
  for (let at = first; at < first + size; at += 1_000) {
    await collection.upsert(
      Array.from({ length: Math.min(1_000, first + size - at) }, (_, i) => ({
        id: at + i,
        vectors: { '': [i % 7, i % 5] },
        payload: { n: i % 3 },
      })),
    )
  }
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
