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
import {
  canonical,
  ModelCollection,
  ModelDatabase,
  type ModelJson,
  type ModelPayload,
  type ModelPoint,
  type ModelVector,
} from './model.ts'

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
const momentsKept = 40

const sideParams = { size: 2, distance: 'Euclid' } as const

interface Found {
  readonly name: string
  readonly handle: Collection
  readonly model: ModelCollection
}

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
      { weight: 1, run: () => this.#rename() },
      { weight: 24, run: () => this.#upsert() },
      { weight: 6, run: () => this.#delete() },
      { weight: 8, run: () => this.#payload() },
      { weight: 4, run: () => this.#vectors() },
      { weight: 3, run: () => this.#alias() },
      { weight: 6, run: () => this.#snapshot() },
      { weight: 3, run: () => this.#shardSnapshot() },
      { weight: 2, run: () => this.#deleteSnapshot() },
      { weight: 3, run: () => this.#clone() },
      { weight: 3, run: () => this.#rollback() },
      { weight: 2, run: () => this.#cut() },
      { weight: 2, run: () => this.#restoreAll() },
      { weight: 2, run: () => this.#cloneLive() },
      { weight: 3, run: () => this.#note() },
      { weight: 2, run: () => this.#retention() },
      { weight: 3, run: () => this.#readMoment() },
      { weight: 2, run: () => this.#restoreMoment() },
      { weight: 2, run: () => this.#restorePart() },
      { weight: 2, run: () => this.#diff() },
      { weight: options.archives === false ? 0 : 2, run: () => this.#archive() },
      { weight: options.archives === false ? 0 : 2, run: () => this.#shardArchive() },
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
      if (text === undefined) continue
      this.#keepMoment()
      return text
    }
  }

  #keepMoment(): void {
    if (!this.model.isKeepingMoments) return
    const held = [...this.model.collections].map(([name, c]) => [name, c.copy()] as const)
    this.model.moments.set(this.db.stats().appliedSeq, new Map(held))
    const oldest = this.model.moments.keys().next().value
    if (this.model.moments.size > momentsKept) this.model.moments.delete(oldest!)
  }

  #identity(): number {
    return this.#int(2 ** 40)
  }

  #int(below: number): number {
    return Math.floor(this.#random.next() * below)
  }

  #pick<T>(values: readonly T[]): T | undefined {
    return values.length === 0 ? undefined : values[this.#int(values.length)]
  }

  #collection(): Found | undefined {
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
    const identity = this.#identity()
    await this.#change(
      (model) => model.collections.set(name, new ModelCollection(shardNumber, identity)),
      () =>
        this.db.createCollection(name, {
          vectors: {
            '': { size: 3, distance: 'Dot' },
            side: sideParams,
            words: { kind: 'sparse', size: 0, distance: 'Dot' },
            tokens: { kind: 'multi', size: 2, distance: 'Dot' },
          },
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

  async #rename(): Promise<string | undefined> {
    const found = this.#collection()
    const to = this.#pick(collectionNames.filter((name) => !this.model.collections.has(name)))
    if (found === undefined || to === undefined) return undefined
    await this.#change(
      (model) => {
        model.collections.set(to, model.collections.get(found.name)!)
        model.collections.delete(found.name)
        for (const [alias, name] of model.aliases) if (name === found.name) model.aliases.set(alias, to)
      },
      () => this.db.renameCollection(found.name, to),
    )
    return `rename ${found.name} to ${to}`
  }

  #vector(size: number): number[] {
    return Array.from({ length: size }, () => Math.fround(this.#int(64) / 8 - 4))
  }

  #words(): ModelVector {
    const indices = [1, 5, 9, 4_000_000_000].filter(() => this.#int(2) === 0)
    return { indices, values: this.#vector(indices.length) }
  }

  #randomPayload(): ModelPayload {
    const payload: ModelPayload = {}
    if (this.#int(4) > 0) payload['n'] = this.#int(6)
    if (this.#int(3) > 0) payload['tag'] = this.#pick(tags)!
    if (this.#int(4) === 0) payload['deep'] = { list: [1, 'two', null], text: 'ünï' }
    return payload
  }

  #point({ side }: ModelCollection): ModelPoint {
    const vectors: Record<string, ModelVector> = {}
    if (this.#int(8) > 0) vectors[''] = this.#vector(3)
    if (this.#int(2) > 0 && side !== undefined) vectors['side'] = this.#vector(2)
    if (this.#int(3) > 0) vectors['words'] = this.#words()
    if (this.#int(3) === 0)
      vectors['tokens'] = Array.from({ length: 1 + this.#int(3) }, () => this.#vector(2))
    return { id: this.#pick(ids)!, payload: this.#randomPayload(), vectors }
  }

  async #upsert(): Promise<string | undefined> {
    const found = this.#collection()
    if (found === undefined) return undefined
    const points = Array.from({ length: 1 + this.#int(6) }, () => this.#point(found.model))
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
    if (this.#int(4) === 0) return this.#declare(found)
    if (found.model.side === undefined) return undefined
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

  /** The vector `side` goes, with all that points have of it; or comes again, and no point has it. */
  async #declare({ name, handle, model: { side } }: Found): Promise<string> {
    const next = side === undefined ? this.#identity() : undefined
    await this.#change(
      (model) => {
        const collection = model.collections.get(name)!
        collection.side = next
        for (const point of [...collection.points.values()]) {
          const { side: _gone, ...vectors } = point.vectors
          collection.set({ ...point, vectors })
        }
      },
      () => (next === undefined ? handle.dropVector('side') : handle.addVector('side', sideParams)),
    )
    return `${next === undefined ? 'drop' : 'add'} vector side of ${name}`
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
    if (this.#int(3) === 0) return this.#snapshotOf(name, undefined, () => this.db.createSnapshot({ name }))
    const found = this.#collection()
    return found === undefined
      ? undefined
      : this.#snapshotOf(name, [found.name], () => found.handle.createSnapshot({ name }))
  }

  async #cut(): Promise<string | undefined> {
    const name = `s${(this.#names += 1)}-${this.#int(1e6)}`
    const collections = [...this.model.collections.keys()].filter(() => this.#int(3) > 0)
    if (collections.length < 2) return undefined
    return this.#snapshotOf(name, collections, () => this.db.createSnapshot({ name, collections }))
  }

  async #shardSnapshot(): Promise<string | undefined> {
    const found = this.#collection()
    if (found === undefined) return undefined
    const name = `s${(this.#names += 1)}-${this.#int(1e6)}`
    const shard = this.#int(found.model.shardNumber)
    const send = (): Promise<Snapshot> => found.handle.shard(shard).createSnapshot({ name })
    return `${await this.#snapshotOf(name, [found.name], send, shard)}, shard ${shard}`
  }

  /** Its id is not known before it is made, so the model takes it by name until the answer is there. */
  async #snapshotOf(
    name: string,
    collections: readonly string[] | undefined,
    send: () => Promise<Snapshot>,
    shard?: number,
  ): Promise<string> {
    const take = (model: ModelDatabase, id: string): void => {
      const held = [...model.collections].filter(([n]) => collections?.includes(n) ?? true)
      const aliases = [...model.aliases].filter(([, target]) => held.some(([n]) => n === target))
      model.snapshots.set(id, {
        name,
        collections: new Map(held.map(([n, c]) => [n, shard === undefined ? c.copy() : c.part(shard)])),
        aliases: new Map(aliases),
        label: '',
        isHeld: false,
        shard,
      })
    }
    const next = copyOf(this.model)
    take(next, name)
    this.onIntent(next)
    await send()
    take(this.model, name)
    return `snapshot ${name} of ${collections?.join(', ') ?? 'the store'}`
  }

  #anySnapshot(): Snapshot | undefined {
    return this.#pick(this.db.listAllSnapshots())
  }

  async #deleteSnapshot(): Promise<string | undefined> {
    const snapshot = this.#anySnapshot()
    if (snapshot === undefined) return undefined
    if (this.model.snapshots.get(snapshot.name)!.isHeld) {
      this.onIntent(this.model)
      const refused = await snapshot.delete().catch((error: unknown) => error)
      if (!isDatabaseError(refused, 'snapshot-held')) throw new Error('a held snapshot was deleted')
      return `refused deletion of ${snapshot.name}`
    }
    await this.#change(
      (model) => model.snapshots.delete(snapshot.name),
      () => snapshot.delete(),
    )
    return `delete snapshot ${snapshot.name}`
  }

  #source(): Source | undefined {
    const snapshot = this.#anySnapshot()
    if (snapshot === undefined) return undefined
    const held = this.model.snapshots.get(snapshot.name)!
    const collection = this.#pick([...held.collections.keys()])
    if (collection === undefined) return undefined
    return { snapshot, collection, held: held.collections.get(collection)!, shard: held.shard }
  }

  async #clone(): Promise<string | undefined> {
    const source = this.#source()
    const as = this.#pick(collectionNames.filter((n) => !this.model.collections.has(n)))
    if (source === undefined || as === undefined) return undefined
    const identity = this.#identity()
    await this.#change(
      (model) => model.collections.set(as, source.held.copy(identity)),
      () => this.db.restore(source.snapshot, { collection: source.collection, as }),
    )
    return `clone ${source.collection}@${source.snapshot.name} as ${as}`
  }

  async #rollback(): Promise<string | undefined> {
    const source = this.#source()
    if (source === undefined || !this.model.collections.has(source.collection)) return undefined
    const undoName = `undo-${(this.#names += 1)}-${this.#int(1e6)}`
    const { shard } = source
    if (
      shard !== undefined &&
      !isShardCompatible(this.model.collections.get(source.collection)!, source.held)
    ) {
      this.onIntent(this.model)
      const refused = await this.db
        .getCollection(source.collection)
        .rollback(source.snapshot)
        .catch((error: unknown) => error)
      // Another collection has the name by now; it may have no shard of that number.
      if (!isDatabaseError(refused, 'snapshot-incompatible') && !isDatabaseError(refused, 'shard-not-found'))
        throw new Error('a shard was put among another number of shards', { cause: refused })
      return `refused rollback of ${source.collection} to ${source.snapshot.name}`
    }
    await this.#change(
      (model) => {
        const old = model.collections.get(source.collection)!
        keepUndo(model, undoName, [source.collection], shard)
        model.collections.set(
          source.collection,
          shard === undefined ? source.held.copy(old.identity) : old.withPart(shard, source.held),
        )
      },
      () =>
        this.db
          .getCollection(source.collection)
          .rollback(source.snapshot, { collection: source.collection, undoName }),
    )
    return `roll ${source.collection} back to ${source.snapshot.name}`
  }

  /** Some or all collections of a snapshot, in place or under other names, all or none. */
  async #restoreAll(): Promise<string | undefined> {
    const snapshot = this.#anySnapshot()
    if (snapshot === undefined) return undefined
    const held = this.model.snapshots.get(snapshot.name)!
    if (held.shard !== undefined) return undefined
    const targets = new Map<string, string>()
    for (const source of held.collections.keys()) {
      const into = this.#int(2) === 0 ? source : this.#pick(collectionNames)!
      if (this.#int(3) > 0 && ![...targets.values()].includes(into)) targets.set(source, into)
    }
    if (targets.size === 0) return undefined
    const replaced = [...targets.values()].filter((name) => this.model.collections.has(name))
    const collections = Object.fromEntries(targets)
    if (replaced.length > 0 && this.#int(4) === 0) {
      this.onIntent(this.model)
      const refused = await this.db.restoreAll(snapshot, { collections }).catch((error: unknown) => error)
      if (!isDatabaseError(refused, 'collection-exists')) throw new Error('a collection was replaced unasked')
      return `refused restore of ${snapshot.name}`
    }
    const undoName = `undo-${(this.#names += 1)}-${this.#int(1e6)}`
    const identities = new Map([...targets.values()].map((name) => [name, this.#identity()]))
    await this.#change(
      (model) => {
        if (replaced.length > 0) keepUndo(model, undoName, replaced)
        for (const [source, name] of targets) {
          const identity = model.collections.get(name)?.identity ?? identities.get(name)!
          model.collections.set(name, held.collections.get(source)!.copy(identity))
        }
      },
      () => this.db.restoreAll(snapshot, { collections, replace: true, undoName }),
    )
    return `restore ${[...targets].map(([a, b]) => `${a} as ${b}`).join(', ')} of ${snapshot.name}`
  }

  /** Of the present, or of a snapshot by reference. */
  async #cloneLive(): Promise<string | undefined> {
    const found = this.#collection()
    const as = this.#pick(collectionNames.filter((n) => !this.model.collections.has(n)))
    if (found === undefined || as === undefined) return undefined
    const identity = this.#identity()
    await this.#change(
      (model) => model.collections.set(as, model.collections.get(found.name)!.copy(identity)),
      () => this.db.clone(found.name, as),
    )
    return `clone ${found.name} as ${as}`
  }

  /** Renames, labels, holds or lets go. */
  async #note(): Promise<string | undefined> {
    const snapshot = this.#anySnapshot()
    if (snapshot === undefined) return undefined
    const old = this.model.snapshots.get(snapshot.name)!
    const kind = this.#pick(['rename', 'label', 'hold', 'hold'] as const)!
    if (kind === 'hold') {
      await this.#change(
        (model) => model.snapshots.set(old.name, { ...old, isHeld: !old.isHeld }),
        async () => {
          if (old.isHeld) await snapshot.releaseHold(snapshot.info().holds[0]!.id)
          else await snapshot.hold({ reason: 'the model says so' })
        },
      )
      return `${old.isHeld ? 'release' : 'hold'} ${old.name}`
    }
    const name = kind === 'rename' ? `r${(this.#names += 1)}-${this.#int(1e6)}` : old.name
    const label = kind === 'label' ? this.#pick(tags)! : old.label
    await this.#change(
      (model) => {
        model.snapshots.delete(old.name)
        model.snapshots.set(name, { ...old, name, label })
      },
      () => snapshot.update({ name, labels: { tag: label } }),
    )
    return `note ${old.name}: ${name} ${label}`
  }

  async #retention(): Promise<string | undefined> {
    const isOn = this.model.isKeepingMoments
    if (isOn && this.#int(4) > 0) return undefined
    await this.#change(
      (model) => {
        model.isKeepingMoments = !isOn
        model.moments.clear()
      },
      () => this.db.setRetention({ windowMs: isOn ? 0 : 3_600_000 }),
    )
    return isOn ? 'keep no moments' : 'keep every moment'
  }

  #moment(): { seq: number; name: string; held: ModelCollection } | undefined {
    const seq = this.#pick([...this.model.moments.keys()])
    if (seq === undefined) return undefined
    const moment = this.model.moments.get(seq)!
    const name = this.#pick([...moment.keys()])
    return name === undefined ? undefined : { seq, name, held: moment.get(name)! }
  }

  async #readMoment(): Promise<string | undefined> {
    const moment = this.#moment()
    if (moment === undefined) return undefined
    this.onIntent(this.model)
    const reference = `${moment.name}@seq:${moment.seq}`
    await using reader = await this.db.openReader(reference)
    if ((await reader.contentHash()) !== moment.held.hash())
      throw new Error(`${reference} is not what it was`)
    return `read ${reference}`
  }

  async #restoreMoment(): Promise<string | undefined> {
    const moment = this.#moment()
    if (moment === undefined) return undefined
    const { seq, name, held } = moment
    if (this.model.collections.get(name)?.identity === held.identity) {
      const undoName = `undo-${(this.#names += 1)}-${this.#int(1e6)}`
      await this.#change(
        (model) => {
          keepUndo(model, undoName, [name])
          model.collections.set(name, held.copy())
        },
        () => this.db.getCollection(name).rollback({ seq }, { undoName }),
      )
      return `roll ${name} back to ${seq}`
    }
    const as = this.#pick(collectionNames.filter((n) => !this.model.collections.has(n)))
    if (as === undefined) return undefined
    const identity = this.#identity()
    await this.#change(
      (model) => model.collections.set(as, held.copy(identity)),
      () => this.db.clone(`${name}@seq:${seq}`, as),
    )
    return `clone ${name} at ${seq} as ${as}`
  }

  /** The points of a filter, without one payload key, under another shard number. */
  async #restorePart(): Promise<string | undefined> {
    const source = this.#source()
    const as = this.#pick(collectionNames.filter((n) => !this.model.collections.has(n)))
    if (source === undefined || as === undefined) return undefined
    const identity = this.#identity()
    const shardNumber = 1 + this.#int(3)
    const value = this.#int(6)
    const part = new ModelCollection(shardNumber, identity)
    // Copied rows lie in columns of their own.
    part.side = source.held.side === undefined ? undefined : 0
    for (const point of source.held.points.values()) {
      if (point.payload['n'] !== value) continue
      const { tag: _tag, ...payload } = point.payload
      part.set({ ...point, payload })
    }
    await this.#change(
      (model) => model.collections.set(as, part.copy()),
      () =>
        this.db.restorePartial(`${source.collection}@${source.snapshot.id}`, {
          as,
          filter: { must: [{ kind: 'field', path: 'n', match: { value } }] },
          payload: { exclude: ['tag'] },
          shardNumber,
        }),
    )
    return `restore ${source.collection}@${source.snapshot.name} where n = ${value} as ${as}`
  }

  /** A snapshot against another, or against the present. */
  async #diff(): Promise<string | undefined> {
    const source = this.#source()
    const whole = this.model.collections.get(source?.collection ?? '')
    if (source === undefined || whole === undefined) return undefined
    const isOfShard = source.shard !== undefined && whole.shardNumber === source.held.shardNumber
    const present = isOfShard ? whole.part(source.shard) : whole
    this.onIntent(this.model)
    const from = `${source.collection}@${source.snapshot.id}`
    await using diff = await this.db.diff(from, source.collection)
    const expected = { added: 0, removed: 0, changed: 0, unchanged: 0 }
    for (const id of new Set([...source.held.points.keys(), ...present.points.keys()])) {
      const before = source.held.points.get(id)
      const after = present.points.get(id)
      if (before === undefined) expected.added += 1
      else if (after === undefined) expected.removed += 1
      else expected[isSamePoint(before, after) ? 'unchanged' : 'changed'] += 1
    }
    const found = JSON.stringify(diff.counts)
    if (found !== JSON.stringify(expected))
      throw new Error(`${from} differs by ${found}, the model by ${JSON.stringify(expected)}`)
    return `diff ${from}`
  }

  async #archive(): Promise<string | undefined> {
    const source = this.#source()
    if (source === undefined || source.snapshot.info().scope !== 'collection') return undefined
    const identity = this.#identity()
    const target = this.#pick(collectionNames)!
    const exists = this.model.collections.has(target)
    await using archive = await source.snapshot.archive()
    if (exists && !isCompatible(this.model.collections.get(target)!, source.held)) {
      this.onIntent(this.model)
      const refused = await this.db
        .restoreArchive(archive.stream(), { into: target, replace: true })
        .catch((error: unknown) => error)
      if (!isDatabaseError(refused, 'snapshot-incompatible'))
        throw new Error('another number of shards, or other vectors, were accepted')
      return `refused import of ${source.snapshot.name} as ${target}`
    }
    await this.#change(
      (model) => {
        const existing = model.collections.get(target)
        model.collections.set(target, source.held.copy(existing?.identity ?? identity))
      },
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

  /** A shard's archive, of a snapshot or of the present, into a shard of any collection. */
  async #shardArchive(): Promise<string | undefined> {
    const source = this.#collection()
    const target = this.#collection()
    if (source === undefined || target === undefined) return undefined
    const shard = this.#int(source.model.shardNumber)
    const part = source.model.part(shard)
    const { archive } = await source.handle.shard(shard).archive()
    try {
      const into = Math.min(shard, target.model.shardNumber - 1)
      const stays = new Set(
        new ModelCollection(target.model.shardNumber, 0, part.points).part(into).points.keys(),
      )
      if (stays.size < part.points.size || source.model.side !== target.model.side) {
        this.onIntent(this.model)
        const refused = await target.handle
          .shard(into)
          .restoreArchive(archive.stream())
          .catch((error: unknown) => error)
        if (!isDatabaseError(refused, 'snapshot-incompatible'))
          throw new Error('points were put into another shard than theirs')
        return `refused import of shard ${shard} of ${source.name} into ${target.name}`
      }
      await this.#change(
        (model) => {
          const old = model.collections.get(target.name)!
          model.collections.set(target.name, old.withPart(into, part))
        },
        () => target.handle.shard(into).restoreArchive(archive.stream()),
      )
      return `import shard ${shard} of ${source.name} into ${target.name}`
    } finally {
      archive.close()
    }
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

interface Source {
  readonly snapshot: Snapshot
  readonly collection: string
  readonly held: ModelCollection
  readonly shard: number | undefined
}

function keepUndo(model: ModelDatabase, name: string, replaced: readonly string[], shard?: number): void {
  const held = (one: string): ModelCollection => model.collections.get(one)!
  model.snapshots.set(name, {
    name,
    collections: new Map(
      replaced.map((one) => [one, shard === undefined ? held(one) : held(one).part(shard)]),
    ),
    shard,
    aliases: new Map(),
    label: '',
    isHeld: false,
  })
}

function isSamePoint(a: ModelPoint, b: ModelPoint): boolean {
  return canonical(a.payload) === canonical(b.payload) && canonical(vectorsOf(a)) === canonical(vectorsOf(b))
}

const vectorsOf = (point: ModelPoint): ModelJson => point.vectors as unknown as ModelJson

function isCompatible(target: ModelCollection, source: ModelCollection): boolean {
  const hasSide = ({ side }: ModelCollection): boolean => side !== undefined
  return target.shardNumber === source.shardNumber && hasSide(target) === hasSide(source)
}

/** The other shards keep their columns. */
function isShardCompatible(target: ModelCollection, source: ModelCollection): boolean {
  return target.shardNumber === source.shardNumber && target.side === source.side
}

export function copyOf(model: ModelDatabase): ModelDatabase {
  const copy = new ModelDatabase()
  for (const [name, collection] of model.collections) copy.collections.set(name, collection.copy())
  for (const [alias, name] of model.aliases) copy.aliases.set(alias, name)
  for (const [id, snapshot] of model.snapshots) copy.snapshots.set(id, snapshot)
  copy.isKeepingMoments = model.isKeepingMoments
  for (const [seq, moment] of model.moments) copy.moments.set(seq, moment)
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
    const { labels, holds } = snapshot.info()
    const marks = `${labels['tag'] ?? ''} ${holds.length > 0}`
    snapshots.push(
      `${snapshot.name} ${snapshot.name} ${marks} ${held.sort().join(' ')} ${named.sort().join(' ')}`,
    )
  }
  const moments = db.retention().windowMs > 0 ? ['every moment'] : []
  return [...collections.sort(), ...aliases.sort(), ...snapshots.sort(), ...moments].join('\n')
}
