import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { plainVector } from '../collection/plain-vector.ts'
import type { JsonObject } from '../encoding/json.ts'
import { canonicalJson } from '../encoding/json.ts'
import type { Database } from '../database/database.ts'
import { open } from '../database/open.ts'
import { compareWords, wordsOfId, type PointId } from '../ids/point-id.ts'
import { seededRandom } from '../runtime/random.ts'

const ids: readonly PointId[] = [
  ...Array.from({ length: 24 }, (_, i) => i),
  2 ** 53 - 1,
  2n ** 53n,
  2n ** 64n - 1n,
  '00000000-0000-4000-8000-000000000001',
  'ffffffff-ffff-4fff-8fff-ffffffffffff',
]

interface ModelPoint {
  readonly id: PointId
  readonly vectors: Readonly<Record<string, readonly number[]>>
  readonly payload: JsonObject
}

/** Points are replaced, never changed: a copy of the map is a snapshot. */
type Model = ReadonlyMap<PointId, ModelPoint>

interface Side {
  readonly reference: string
  readonly model: Model
}

/** What a plain comparison of two maps says, in id order. */
function expectedLines(from: Model, to: Model): string[] {
  const lines: string[] = []
  for (const id of [...ids].sort((a, b) => compareWords(wordsOfId(a), wordsOfId(b)))) {
    const before = from.get(id)
    const after = to.get(id)
    if (before === undefined && after === undefined) continue
    if (before === undefined || after === undefined) {
      const { vectors, payload } = (before ?? after)!
      const has = Object.keys(payload).length > 0
      lines.push(`${before === undefined ? 'added' : 'removed'} ${id} ${namesOf(vectors)} ${has}`)
      continue
    }
    const vectors = ['', 'side'].filter(
      (name) => JSON.stringify(before.vectors[name]) !== JSON.stringify(after.vectors[name]),
    )
    const payload = canonicalJson(before.payload) !== canonicalJson(after.payload)
    if (vectors.length > 0 || payload) lines.push(`changed ${id} ${vectors.join(',')} ${payload}`)
  }
  return lines
}

const namesOf = (vectors: object): string => Object.keys(vectors).sort().join(',')

async function checkDiff(db: Database, from: Side, to: Side): Promise<void> {
  await using diff = await db.diff(from.reference, to.reference)
  const lines: string[] = []
  for await (const { kind, id, vectors, payload, before, after } of diff.points({
    payload: true,
    vectors: true,
  })) {
    lines.push(`${kind} ${id} ${[...vectors].sort().join(',')} ${payload}`)
    for (const [point, model] of [
      [before, from.model.get(id)] as const,
      [after, to.model.get(id)] as const,
    ]) {
      if (point === undefined) continue
      expect(canonicalJson(point.payload!.value())).toBe(canonicalJson(model!.payload))
      expect(
        Object.fromEntries(Object.entries(point.vectors!).map(([name, v]) => [name, plainVector(v)])),
      ).toEqual(model!.vectors)
    }
  }
  const wanted = expectedLines(from.model, to.model)
  expect(lines, `${from.reference} to ${to.reference}`).toEqual(wanted)
  const count = (kind: string): number => wanted.filter((line) => line.startsWith(kind)).length
  const [added, changed] = [count('added'), count('changed')]
  expect(diff.counts).toEqual({
    added,
    removed: count('removed'),
    changed,
    unchanged: to.model.size - added - changed,
  })
  expect(diff.rowsCompared).toBeGreaterThanOrEqual(lines.length)
}

/** Random operations on a database and on maps. */
class World {
  db: Database
  readonly kept: Side[] = []
  readonly collections = new Map<string, Map<PointId, ModelPoint>>()
  readonly #folder: string
  readonly #next: () => number
  #names = 0

  constructor(db: Database, folder: string, seed: number) {
    this.db = db
    this.#folder = folder
    this.#next = seededRandom(seed).next
  }

  async create(): Promise<void> {
    await this.db.setRetention({ windowMs: 3_600_000 })
    await this.db.createCollection('c0', {
      vectors: { '': { size: 2, distance: 'Dot' }, side: { size: 1, distance: 'Euclid' } },
      shardNumber: 1 + this.int(3),
      payloadIndexes: { n: { type: 'integer' } },
    })
    this.collections.set('c0', new Map())
  }

  int(below: number): number {
    return Math.floor(this.#next() * below)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!
  }

  async step(): Promise<void> {
    const dice = this.int(20)
    if (dice < 5) return this.#upsert()
    if (dice < 7) return this.#edit()
    if (dice === 7) return this.#delete()
    if (dice < 10) return this.#snapshot()
    if (dice === 10) return this.#rollback()
    if (dice === 11) return this.#copy()
    if (dice === 12) return this.#reopen()
    if (dice < 17) return this.db.flush()
    if (dice < 19) return this.db.optimize()
    await this.db.collectGarbage()
  }

  sides(): Side[] {
    const present = [...this.collections].map(([reference, model]) => ({ reference, model }))
    return [...present, ...this.kept.slice(-7)]
  }

  #vectors(): ModelPoint['vectors'] {
    const side = this.int(2) === 0 ? { side: [this.int(2)] } : {}
    return this.int(5) === 0 ? side : { '': [this.int(3), this.int(2)], ...side }
  }

  #payload(): JsonObject {
    return this.int(3) === 0 ? {} : { n: this.int(3), deep: { text: `t${this.int(2)}` } }
  }

  async #upsert(): Promise<void> {
    const [name, model] = this.pick([...this.collections])
    const points = Array.from({ length: 1 + this.int(6) }, () => ({
      id: this.pick(ids),
      vectors: this.#vectors(),
      payload: this.#payload(),
    }))
    const { seq } = await this.db.getCollection(name).upsert(points)
    for (const point of points) model.set(point.id, point)
    this.#keepMoment(name, seq, model)
  }

  async #edit(): Promise<void> {
    const [name, model] = this.pick([...this.collections])
    const collection = this.db.getCollection(name)
    const chosen = [this.pick(ids), this.pick(ids)]
    const change = (edit: (point: ModelPoint) => Partial<ModelPoint>): void => {
      for (const id of chosen) {
        const point = model.get(id)
        if (point !== undefined) model.set(id, { ...point, ...edit(point) })
      }
    }
    const n = this.int(3)
    const kind = this.int(4)
    if (kind === 0) {
      await collection.setPayload({ ids: chosen }, { n })
      change(({ payload }) => ({ payload: { ...payload, n } }))
    } else if (kind === 1) {
      await collection.deletePayload({ ids: chosen }, ['n'])
      change(({ payload: { n: _n, ...payload } }) => ({ payload }))
    } else if (kind === 2) {
      await collection.updateVectors([...new Set(chosen)].map((id) => ({ id, vectors: { side: [n] } })))
      change(({ vectors }) => ({ vectors: { ...vectors, side: [n] } }))
    } else {
      await collection.deleteVectors({ ids: chosen }, ['side'])
      change(({ vectors: { side: _side, ...vectors } }) => ({ vectors }))
    }
  }

  async #delete(): Promise<void> {
    const [name, model] = this.pick([...this.collections])
    const collection = this.db.getCollection(name)
    if (this.int(2) === 0) {
      const chosen = [this.pick(ids), this.pick(ids)]
      const { seq } = await collection.delete({ ids: chosen })
      for (const id of chosen) model.delete(id)
      this.#keepMoment(name, seq, model)
    } else {
      const n = this.int(3)
      await collection.delete({ filter: { must: [{ kind: 'field', path: 'n', match: { value: n } }] } })
      for (const point of [...model.values()]) if (point.payload['n'] === n) model.delete(point.id)
    }
  }

  async #snapshot(): Promise<void> {
    const [name, model] = this.pick([...this.collections])
    const snapshot = await this.db.getCollection(name).createSnapshot({ name: `s${(this.#names += 1)}` })
    this.kept.push({ reference: `${name}@${snapshot.name}`, model: new Map(model) })
  }

  async #rollback(): Promise<void> {
    if (this.kept.length === 0) return
    const { reference, model } = this.pick(this.kept)
    const [name, at] = reference.split('@') as [string, string]
    await this.db.rollback(name, at)
    this.collections.set(name, new Map(model))
  }

  /** A clone, or everything again in another number of shards. */
  async #copy(): Promise<void> {
    if (this.collections.size === 4) return
    const { reference, model } = this.pick(this.sides())
    const as = `c${this.collections.size}`
    if (this.int(2) === 0) await this.db.clone(reference, as)
    else await this.db.restorePartial(reference, { as, shardNumber: 1 + this.int(4) })
    this.collections.set(as, new Map(model))
  }

  async #reopen(): Promise<void> {
    if (this.int(2) === 0) await this.db.flush()
    await this.db.close()
    this.db = await reopen(this.#folder)
  }

  #keepMoment(name: string, seq: number, model: Model): void {
    if (this.int(6) === 0) this.kept.push({ reference: `${name}@seq:${seq}`, model: new Map(model) })
  }
}

const reopen = (folder: string): Promise<Database> =>
  open(folder, { workers: 0, background: false, flushOnClose: false })

let folder: string
let world: World | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-diff-history-'))
})

afterEach(async () => {
  await world?.db.close()
  world = undefined
  await rm(folder, { recursive: true, force: true })
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a diff says what a comparison of two maps says, whatever happened (seed %i)',
  async (seed) => {
    world = new World(await reopen(folder), folder, seed)
    await world.create()
    for (let step = 0; step < 90; step++) {
      await world.step()
      if (step % 30 === 29) await checkAll(world)
    }
  },
)

async function checkAll(world: World): Promise<void> {
  const sides = world.sides()
  for (const from of sides) {
    for (const to of sides) await checkDiff(world.db, from, to)
  }
}
