import {
  isDatabaseError,
  type Collection,
  type Database,
  type Filter,
  type PointSelector,
  type Snapshot,
} from '../../src/index.ts'
import type { Random } from '../../src/runtime/random.ts'
import { yieldToEventLoop } from '../../src/runtime/yield.ts'
import { ModelCollection, ModelDatabase, type ModelPayload, type ModelPoint } from './model.ts'

type Id = number | bigint | string

const ids: readonly Id[] = [
  ...Array.from({ length: 14 }, (_, i) => i),
  2 ** 53 - 1,
  2n ** 53n + 1n,
  2n ** 64n - 1n,
  '00000000-0000-0000-0000-000000000001',
  'c0ffee00-1111-4222-8333-444455556666',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
]
const collectionNames = ['alpha', 'beta', 'gamma/δ'.replace('/', '-'), 'clone-1', 'clone-2']
const aliasNames = ['now', 'then']
const tags = ['red', 'green', 'blue']

interface Action {
  readonly weight: number
  readonly run: () => Promise<string | undefined>
}

/**
 * Random operations on a database and, once acknowledged, on the model of it. Deterministic for a seed as long as
 * the database's answers are.
 */
export class History {
  readonly db: Database
  readonly model: ModelDatabase
  readonly #random: Random
  readonly #actions: readonly Action[]
  /** Called with the model as it is after the operation that is about to be sent. */
  onIntent: (model: ModelDatabase) => void = () => undefined
  #names = 0

  constructor(
    db: Database,
    model: ModelDatabase,
    random: Random,
    options: {
      readonly archives?: boolean
      /** How often beside the others; 6 by default. */ readonly maintenance?: number
    } = {},
  ) {
    this.db = db
    this.model = model
    this.#random = random
    this.#actions = [
      { weight: 4, run: () => this.#create() },
      { weight: 1, run: () => this.#drop() },
      { weight: 24, run: () => this.#upsert() },
      { weight: 6, run: () => this.#delete() },
      { weight: 8, run: () => this.#payload() },
      { weight: 4, run: () => this.#vectors() },
      { weight: 3, run: () => this.#alias() },
      { weight: 6, run: () => this.#snapshot() },
      { weight: 2, run: () => this.#deleteSnapshot() },
      { weight: 3, run: () => this.#clone() },
      { weight: 3, run: () => this.#rollback() },
      { weight: options.archives === false ? 0 : 2, run: () => this.#archive() },
      { weight: options.maintenance ?? 6, run: () => this.#maintain() },
    ]
  }

  /** One operation; gives its description. */
  async step(): Promise<string> {
    for (;;) {
      const total = this.#actions.reduce((sum, action) => sum + action.weight, 0)
      let at = this.#random.next() * total
      const action = this.#actions.find(({ weight }) => (at -= weight) < 0)!
      const text = await action.run()
      if (text !== undefined) return text
    }
  }

  #int(below: number): number {
    return Math.floor(this.#random.next() * below)
  }

  #pick<T>(values: readonly T[]): T | undefined {
    return values.length === 0 ? undefined : values[this.#int(values.length)]
  }

  #collection(): { name: string; handle: Collection; model: ModelCollection } | undefined {
    const name = this.#pick([...this.model.collections.keys()])
    if (name === undefined) return undefined
    return { name, handle: this.db.getCollection(name), model: this.model.collections.get(name)! }
  }

  /** Applies to a copy first, so that a crash in between may show either; then for good. */
  async #change<T>(change: (model: ModelDatabase) => void, send: () => Promise<T>): Promise<T> {
    const next = copyOf(this.model)
    change(next)
    this.onIntent(next)
    const result = await send()
    change(this.model)
    return result
  }

  async #create(): Promise<string | undefined> {
    const name = this.#pick(collectionNames.slice(0, 3).filter((n) => !this.model.collections.has(n)))
    if (name === undefined) return undefined
    const shardNumber = 1 + this.#int(2)
    await this.#change(
      (model) => model.collections.set(name, new ModelCollection(shardNumber)),
      () =>
        this.db.createCollection(name, {
          vectors: { '': { size: 3, distance: 'Dot' }, side: { size: 2, distance: 'Euclid' } },
          shardNumber,
          ...(this.#int(2) === 0 ? { payloadIndexes: { n: { type: 'integer' as const } } } : {}),
        }),
    )
    return `create ${name} with ${shardNumber} shards`
  }

  async #drop(): Promise<string | undefined> {
    const found = this.#collection()
    if (found === undefined) return undefined
    await this.#change(
      (model) => {
        model.collections.delete(found.name)
        for (const [alias, name] of model.aliases) if (name === found.name) model.aliases.delete(alias)
      },
      () => this.db.dropCollection(found.name),
    )
    return `drop ${found.name}`
  }

  #vector(size: number): number[] {
    return Array.from({ length: size }, () => Math.fround(this.#int(64) / 8 - 4))
  }

  #randomPayload(): ModelPayload {
    const payload: ModelPayload = {}
    if (this.#int(4) > 0) payload['n'] = this.#int(6)
    if (this.#int(3) > 0) payload['tag'] = this.#pick(tags)!
    if (this.#int(4) === 0) payload['deep'] = { list: [1, 'two', null], text: 'ünï' }
    return payload
  }

  #point(): ModelPoint {
    const vectors: Record<string, number[]> = {}
    if (this.#int(8) > 0) vectors[''] = this.#vector(3)
    if (this.#int(2) > 0) vectors['side'] = this.#vector(2)
    return { id: this.#pick(ids)!, payload: this.#randomPayload(), vectors }
  }

  async #upsert(): Promise<string | undefined> {
    const found = this.#collection()
    if (found === undefined) return undefined
    const points = Array.from({ length: 1 + this.#int(6) }, () => this.#point())
    await this.#change(
      (model) => points.forEach((point) => model.collections.get(found.name)!.set(point)),
      () => found.handle.upsert(points),
    )
    return `upsert ${points.map((p) => String(p.id)).join(',')} into ${found.name}`
  }

  /** A selector for the engine, and what it means for the model. */
  #selector(collection: ModelCollection): {
    selector: PointSelector
    matches: (point: ModelPoint) => boolean
    text: string
  } {
    if (this.#int(3) > 0) {
      const chosen = Array.from({ length: 1 + this.#int(4) }, () => this.#pick(ids)!)
      const keys = new Set(chosen.map(String))
      return {
        selector: { ids: chosen },
        matches: (point) => keys.has(String(point.id)),
        text: `ids ${[...keys].join(',')}`,
      }
    }
    void collection
    if (this.#int(2) === 0) {
      const value = this.#int(6)
      const filter: Filter = { must: [{ kind: 'field', path: 'n', match: { value } }] }
      return { selector: { filter }, matches: (point) => point.payload['n'] === value, text: `n = ${value}` }
    }
    const tag = this.#pick(tags)!
    const filter: Filter = { mustNot: [{ kind: 'field', path: 'tag', match: { value: tag } }] }
    return { selector: { filter }, matches: (point) => point.payload['tag'] !== tag, text: `tag != ${tag}` }
  }

  async #delete(): Promise<string | undefined> {
    const found = this.#collection()
    if (found === undefined) return undefined
    const { selector, matches, text } = this.#selector(found.model)
    await this.#change(
      (model) => {
        const collection = model.collections.get(found.name)!
        for (const point of [...collection.points.values()]) if (matches(point)) collection.delete(point.id)
      },
      () => found.handle.delete(selector),
    )
    return `delete ${text} from ${found.name}`
  }

  async #payload(): Promise<string | undefined> {
    const found = this.#collection()
    if (found === undefined) return undefined
    const { selector, matches, text } = this.#selector(found.model)
    const patch = this.#randomPayload()
    const kind = this.#pick(['set', 'overwrite', 'delete', 'clear'] as const)!
    const edit = (old: ModelPayload): ModelPayload => {
      if (kind === 'set') return { ...old, ...patch }
      if (kind === 'overwrite') return patch
      if (kind === 'clear') return {}
      const rest = { ...old }
      delete rest['tag']
      return rest
    }
    await this.#change(
      (model) => {
        const collection = model.collections.get(found.name)!
        for (const point of [...collection.points.values()]) {
          if (matches(point)) collection.set({ ...point, payload: edit(point.payload) })
        }
      },
      () => {
        if (kind === 'set') return found.handle.setPayload(selector, patch)
        if (kind === 'overwrite') return found.handle.overwritePayload(selector, patch)
        if (kind === 'clear') return found.handle.clearPayload(selector)
        return found.handle.deletePayload(selector, ['tag'])
      },
    )
    return `${kind} payload where ${text} in ${found.name}`
  }

  async #vectors(): Promise<string | undefined> {
    const found = this.#collection()
    if (found === undefined) return undefined
    if (this.#int(2) === 0) {
      const { selector, matches, text } = this.#selector(found.model)
      await this.#change(
        (model) => {
          const collection = model.collections.get(found.name)!
          for (const point of [...collection.points.values()]) {
            if (!matches(point)) continue
            const { side: _gone, ...vectors } = point.vectors
            collection.set({ ...point, vectors })
          }
        },
        () => found.handle.deleteVectors(selector, ['side']),
      )
      return `delete vector side where ${text} in ${found.name}`
    }
    const id = this.#pick(ids)!
    const vectors = { side: this.#vector(2) }
    await this.#change(
      (model) => {
        const collection = model.collections.get(found.name)!
        const old = collection.points.get(String(id))
        if (old !== undefined) collection.set({ ...old, vectors: { ...old.vectors, ...vectors } })
      },
      () => found.handle.updateVectors([{ id, vectors }]),
    )
    return `update vector side of ${String(id)} in ${found.name}`
  }

  async #alias(): Promise<string | undefined> {
    const found = this.#collection()
    if (found === undefined) return undefined
    const alias = this.#pick(aliasNames)!
    if (this.#int(3) === 0) {
      await this.#change(
        (model) => model.aliases.delete(alias),
        () => this.db.updateAliases([{ kind: 'delete', alias }]),
      )
      return `delete alias ${alias}`
    }
    await this.#change(
      (model) => model.aliases.set(alias, found.name),
      () => this.db.updateAliases([{ kind: 'create', alias, collection: found.name }]),
    )
    return `alias ${alias} -> ${found.name}`
  }

  async #snapshot(): Promise<string | undefined> {
    const name = `s${(this.#names += 1)}-${this.#int(1e6)}`
    if (this.#int(3) === 0) return this.#snapshotOf(name, undefined)
    const found = this.#collection()
    return found === undefined ? undefined : this.#snapshotOf(name, found.name)
  }

  /** Its id is not known before it is made, so the model takes it by name until the answer is there. */
  async #snapshotOf(name: string, collection: string | undefined): Promise<string> {
    const take = (model: ModelDatabase, id: string): void => {
      const held = [...model.collections].filter(([n]) => collection === undefined || n === collection)
      const aliases = [...model.aliases].filter(([, target]) => held.some(([n]) => n === target))
      model.snapshots.set(id, {
        name,
        collections: new Map(held.map(([n, c]) => [n, c.copy()])),
        aliases: new Map(aliases),
      })
    }
    const next = copyOf(this.model)
    take(next, name)
    this.onIntent(next)
    const made = await (collection === undefined
      ? this.db.createSnapshot({ name })
      : this.db.getCollection(collection).createSnapshot({ name }))
    void made
    take(this.model, name)
    return `snapshot ${name} of ${collection ?? 'the store'}`
  }

  #anySnapshot(): Snapshot | undefined {
    return this.#pick(this.db.listAllSnapshots())
  }

  async #deleteSnapshot(): Promise<string | undefined> {
    const snapshot = this.#anySnapshot()
    if (snapshot === undefined) return undefined
    await this.#change(
      (model) => model.snapshots.delete(snapshot.name),
      () => snapshot.delete(),
    )
    return `delete snapshot ${snapshot.name}`
  }

  #source(): { snapshot: Snapshot; collection: string; held: ModelCollection } | undefined {
    const snapshot = this.#anySnapshot()
    if (snapshot === undefined) return undefined
    const held = this.model.snapshots.get(snapshot.name)!
    const collection = this.#pick([...held.collections.keys()])
    if (collection === undefined) return undefined
    return { snapshot, collection, held: held.collections.get(collection)! }
  }

  async #clone(): Promise<string | undefined> {
    const source = this.#source()
    const as = this.#pick(collectionNames.filter((n) => !this.model.collections.has(n)))
    if (source === undefined || as === undefined) return undefined
    await this.#change(
      (model) => model.collections.set(as, source.held.copy()),
      () => this.db.restore(source.snapshot, { collection: source.collection, as }),
    )
    return `clone ${source.collection}@${source.snapshot.name} as ${as}`
  }

  async #rollback(): Promise<string | undefined> {
    const source = this.#source()
    if (source === undefined || !this.model.collections.has(source.collection)) return undefined
    const undoName = `undo-${(this.#names += 1)}-${this.#int(1e6)}`
    await this.#change(
      (model) => {
        const old = model.collections.get(source.collection)!
        model.snapshots.set(undoName, {
          name: undoName,
          collections: new Map([[source.collection, old]]),
          aliases: new Map(),
        })
        model.collections.set(source.collection, source.held.copy())
      },
      () =>
        this.db
          .getCollection(source.collection)
          .rollback(source.snapshot, { collection: source.collection, undoName }),
    )
    return `roll ${source.collection} back to ${source.snapshot.name}`
  }

  async #archive(): Promise<string | undefined> {
    const source = this.#source()
    if (source === undefined || source.snapshot.info().scope === 'store') return undefined
    const target = this.#pick(collectionNames)!
    const exists = this.model.collections.has(target)
    await using archive = await source.snapshot.archive()
    if (exists && !isCompatible(this.db, target, source)) {
      this.onIntent(this.model)
      const refused = await this.db
        .restoreArchive(archive.stream(), { into: target, replace: true })
        .catch((error: unknown) => error)
      if (!isDatabaseError(refused, 'snapshot-incompatible'))
        throw new Error('another number of shards was accepted')
      return `refused import of ${source.snapshot.name} as ${target}`
    }
    await this.#change(
      (model) => model.collections.set(target, source.held.copy()),
      async () => {
        // Garbage collection beside the import: what is being written must not be collected.
        let isDone = false
        const restored = this.db
          .restoreArchive(archive.stream(), { into: target, replace: exists })
          .finally(() => (isDone = true))
        const collected = (async () => {
          while (!isDone) {
            await this.db.collectGarbage()
            await yieldToEventLoop()
          }
        })()
        await Promise.all([restored, collected])
      },
    )
    return `import ${source.snapshot.name} as ${target}`
  }

  async #maintain(): Promise<string> {
    const kind = this.#pick(['flush', 'flush', 'optimize', 'collect'] as const)!
    this.onIntent(this.model)
    if (kind === 'flush') await this.db.flush()
    else if (kind === 'optimize') await this.db.optimize()
    else await this.db.collectGarbage()
    return kind
  }
}

function isCompatible(db: Database, target: string, source: { held: ModelCollection }): boolean {
  return db.getCollection(target).info().config.shardNumber === source.held.shardNumber
}

export function copyOf(model: ModelDatabase): ModelDatabase {
  const copy = new ModelDatabase()
  for (const [name, collection] of model.collections) copy.collections.set(name, collection.copy())
  for (const [alias, name] of model.aliases) copy.aliases.set(alias, name)
  for (const [id, snapshot] of model.snapshots) copy.snapshots.set(id, snapshot)
  return copy
}

/** The same text as ModelDatabase.fingerprint, read from the engine. */
export async function fingerprintOf(db: Database): Promise<string> {
  const collections = []
  for (const collection of db.listCollections())
    collections.push(`${collection.name}=${await collection.contentHash()}`)
  const aliases = db.listAliases().map(({ alias, collection }) => `${alias}->${collection}`)
  const snapshots = []
  for (const snapshot of db.listAllSnapshots()) {
    const held = []
    for (const { name } of snapshot.info().collections) {
      await using reader = await snapshot.collection(name)
      held.push(`${name}=${await reader.contentHash()}`)
    }
    const named = Object.entries(snapshot.info().aliases).map(([alias, name]) => `${alias}->${name}`)
    snapshots.push(`${snapshot.name} ${snapshot.name} ${held.sort().join(' ')} ${named.sort().join(' ')}`)
  }
  return [...collections.sort(), ...aliases.sort(), ...snapshots.sort()].join('\n')
}
