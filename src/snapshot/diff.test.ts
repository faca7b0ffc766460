import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Collection } from '../database/collection-handle.ts'
import type { Database } from '../database/database.ts'
import { open } from '../database/open.ts'
import { seededRandom } from '../runtime/random.ts'
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

interface ModelPoint {
  readonly vectors: Readonly<Record<string, readonly number[]>>
  readonly payload: Readonly<Record<string, number>>
}
type Model = Map<string, ModelPoint>

/** What a plain comparison of two maps says. */
function expected(from: Model, to: Model): string[] {
  const lines: string[] = []
  for (const id of new Set([...from.keys(), ...to.keys()])) {
    const before = from.get(id)
    const after = to.get(id)
    if (before === undefined || after === undefined) {
      lines.push(`${before === undefined ? 'added' : 'removed'} ${id}`)
      continue
    }
    const vectors = ['', 'side'].filter(
      (name) => JSON.stringify(before.vectors[name]) !== JSON.stringify(after.vectors[name]),
    )
    const payload = JSON.stringify(before.payload) !== JSON.stringify(after.payload)
    if (vectors.length > 0 || payload) lines.push(`changed ${id} ${vectors.join(',')} ${payload}`)
  }
  return lines.sort()
}

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
  for (const seed of [21, 22, 23, 24, 25, 26]) {
    test(`says what a comparison of two maps says, whatever happened in between (seed ${seed})`, async () => {
      const random = seededRandom(seed)
      const int = (below: number): number => Math.floor(random.next() * below)
      const model: Model = new Map()
      const kept: { readonly reference: string; readonly model: Model }[] = []
      await db.createCollection('c', config(1 + int(3)))
      for (let step = 0; step < 50; step++) {
        const collection = db.getCollection('c')
        const dice = int(12)
        if (dice < 4) {
          const points = Array.from({ length: 1 + int(5) }, () => ({
            id: int(30),
            vectors: { '': [int(3), int(2)], ...(int(2) === 0 ? { side: [int(2)] } : {}) },
            payload: int(3) === 0 ? {} : { n: int(3) },
          }))
          await collection.upsert(points)
          for (const { id, vectors, payload } of points) model.set(String(id), { vectors, payload: payload })
        } else if (dice === 4) {
          const ids = [int(30), int(30)]
          await collection.delete({ ids })
          for (const id of ids) model.delete(String(id))
        } else if (dice < 7) {
          await collection.createSnapshot({ name: `s${step}` })
          kept.push({ reference: `c@s${step}`, model: new Map(model) })
        } else if (dice === 7) await db.flush()
        else if (dice === 8) {
          await db.flush()
          await db.optimize()
        } else if (dice === 9) {
          await db.close()
          db = await reopen()
        } else if (dice === 10 && kept.length > 0) {
          const chosen = kept[int(kept.length)]!
          await db.rollback('c', chosen.reference.slice(2))
          model.clear()
          for (const [id, point] of chosen.model) model.set(id, point)
        } else await db.collectGarbage()
      }
      await db.clone('c', 'copy')
      const sides = [...kept.slice(-6), { reference: 'c', model }, { reference: 'copy', model }]
      for (const from of sides) {
        for (const to of sides) {
          const { lines, unchanged } = await found(from.reference, to.reference)
          const wanted = expected(from.model, to.model)
          expect(lines, `${from.reference} to ${to.reference}`).toEqual(wanted)
          const changed = wanted.filter((text) => !text.startsWith('removed')).length
          expect(unchanged).toBe(to.model.size - changed)
        }
      }
    })
  }

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

async function fill(collection: Collection, size: number): Promise<void> {
  for (let at = 0; at < size; at += 1_000) {
    await collection.upsert(
      Array.from({ length: 1_000 }, (_, i) => ({
        id: at + i,
        vectors: { '': [i % 7, i % 5] },
        payload: { n: i % 3 },
      })),
    )
  }
}
