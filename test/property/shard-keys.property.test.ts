import { expect, test } from 'vitest'
import { open, type Collection, type CollectionReader, type Database } from '../../src/index.ts'
import { seededRandom, type Random } from '../../src/runtime/random.ts'
import { openQuietly, unreachable } from '../support/crash-suite.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'
import { verifyAllSnapshots } from '../support/verify-snapshots.ts'

// Goal: points of one id under several keys (partitions) are points of their own, whatever is done: writes to one and to several
// keys, keys that come and go, flushes, merges, snapshots, clones, rollbacks, restarts. Method: a map of maps beside it.

const firstSeed = Number(process.env['STILLPOINT_SEED'] ?? 700)
const keys = ['eu', 'us', '#7', '7']
const ids = 12

/** By partition and id: what the payload says. */
type Model = Map<string, Map<number, string>>

const copyOf = (model: Model): Model => new Map([...model].map(([key, points]) => [key, new Map(points)]))

async function stateOf(reader: CollectionReader): Promise<string[]> {
  const { points } = await reader.scroll({ limit: 1_000, payload: true, vectors: true, partition: true })
  const rows = points.map(({ id, partition, payload, vectors }) => {
    return `${partition!} ${String(id)} ${payload!.text} ${[...(vectors![''] as Float32Array)].join()}`
  })
  return [...rows.sort(), JSON.stringify(Object.keys(reader.info().partitions).sort())]
}

function stateOfModel(model: Model): string[] {
  const rows = [...model].flatMap(([key, points]) =>
    [...points].map(([id, text]) => `${key} ${id} {"t":"${text}"} ${id},${text.length}`),
  )
  return [...rows.sort(), JSON.stringify(['_default', ...model.keys()].sort())]
}

class Run {
  readonly #random: Random
  model: Model = new Map()
  readonly snapshots = new Map<string, Model>()
  #writes = 0

  constructor(random: Random) {
    this.#random = random
  }

  async step(db: Database): Promise<string> {
    const collection = db.getCollection('c')
    const dice = this.#random.next()
    if (dice < 0.12) return this.#changeKeys(collection)
    if (dice < 0.17) return this.#goBack(db, collection)
    if (dice < 0.22) {
      const snapshot = await collection.createSnapshot()
      this.snapshots.set(snapshot.info().name, copyOf(this.model))
      return 'snapshot'
    }
    if (dice < 0.3) {
      await db.flush()
      if (dice < 0.26) await db.optimize()
      return 'flush'
    }
    return this.#write(collection)
  }

  #some<T>(items: readonly T[]): T[] {
    const chosen = items.filter(() => this.#random.next() < 0.4)
    return chosen.length > 0 || items.length === 0 ? chosen : [items[0]!]
  }

  async #changeKeys(collection: Collection): Promise<string> {
    const key = keys[Math.floor(this.#random.next() * keys.length)]!
    if (this.model.delete(key)) await collection.dropPartition(key)
    else {
      this.model.set(key, new Map())
      await collection.createPartition(key)
    }
    return `key ${key}`
  }

  async #goBack(db: Database, collection: Collection): Promise<string> {
    const [name] = this.#some([...this.snapshots.keys()])
    if (name === undefined) return 'nothing'
    const snapshot = collection.getSnapshot(name)
    const clone = await db.restore(snapshot, { as: 'clone' })
    expect(await stateOf(clone)).toEqual(stateOfModel(this.snapshots.get(name)!))
    await db.dropCollection('clone')
    const undo = await collection.rollback(snapshot)
    const before = copyOf(this.model)
    this.model = copyOf(this.snapshots.get(name)!)
    if (this.#random.next() < 0.5) return 'rollback'
    await collection.rollback(undo)
    this.model = before
    return 'rollback and undo'
  }

  async #write(collection: Collection): Promise<string> {
    const partition = this.#some([...this.model.keys()])
    if (partition.length === 0) return 'nothing'
    const chosen = this.#some(Array.from({ length: ids }, (_, id) => id))
    const text = 'x'.repeat(1 + (this.#writes++ % 7))
    if (this.#random.next() < 0.65) {
      const points = chosen.map((id) => ({ id, vectors: { '': [id, text.length] }, payload: { t: text } }))
      await collection.upsert(points, { partition })
      for (const key of partition) for (const id of chosen) this.model.get(key)!.set(id, text)
    } else {
      await collection.delete({ ids: chosen }, { partition })
      for (const key of partition) for (const id of chosen) this.model.get(key)!.delete(id)
    }
    return `write ${partition.join()}`
  }
}

test.each([0, 1, 2, 3])(
  'points under several keys are what the model holds, seed %i',
  { timeout: 120_000 },
  async (offset) => {
    const seed = firstSeed + offset
    const disk = new SimulatedDisk()
    const random = seededRandom(seed)
    const run = new Run(random)
    let db = await openQuietly(open, disk, seed)
    const vectors = { '': { size: 2, distance: 'Dot' as const } }
    await db.createCollection('c', { vectors, shardNumber: 1 + (seed % 2) })
    const done: string[] = []
    for (let i = 0; i < 120; i++) {
      done.push(await run.step(db))
      if (random.next() < 0.05) {
        await db.close()
        db = await openQuietly(open, disk, seed + i)
        done.push('restart')
      }
      const told = `seed ${seed} after ${done.slice(-10).join('; ')}`
      expect(await stateOf(db.getCollection('c')), told).toEqual(stateOfModel(run.model))
    }
    for (const [name, model] of run.snapshots) {
      await using reader = await db.openReader(`c@${name}`)
      expect(await stateOf(reader), `seed ${seed}, snapshot ${name}`).toEqual(stateOfModel(model))
    }
    await db.flush()
    await db.collectGarbage()
    await db.collectGarbage()
    await verifyAllSnapshots(db)
    expect(await unreachable(disk)).toEqual([])
    expect(await stateOf(db.getCollection('c'))).toEqual(stateOfModel(run.model))
    await db.close()
  },
)
