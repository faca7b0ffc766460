import {
  DatabaseError,
  type ArchiveFolder,
  type Collection,
  type Database,
  type Filter,
  type PointSelector,
  type Snapshot,
} from '../../src/index.ts'
import type { Random } from '../../src/runtime/random.ts'
import { ModelCollection, type ModelPayload, type ModelPoint } from '../support/model.ts'
import type { Answer, ExpectedState, Possibility, Target } from './expected-state.ts'

/** One thing that a user does. */
export interface Operation {
  readonly text: string
  /** @throws what the engine throws; what the answer means is told by `possibilities` */
  send(): Promise<Answer>
  possibilities(state: ExpectedState, answer: Answer | undefined): readonly Possibility[]
}

/** What the operations of a simulation need beside the database. */
export interface Surroundings {
  readonly db: Database
  readonly random: Random
  /** Never the same twice. */
  newName(prefix: string): string
  sleep(ms: number): Promise<void>
  jumpClock(ms: number): void
  /** Whether the clock ever did: then a retention window may have passed. */
  hasJumped(): boolean
  /** Numbers of moments that may be asked for. */
  moments(): readonly number[]
  readonly archives: ArchiveShelf
  readonly folder: ArchiveFolder
}

/** Archive files that were published, and the snapshots that they are of. */
export interface ArchiveShelf {
  /** File names by what is known of them: which snapshot they hold, and whether publishing was acknowledged. */
  readonly files: Map<
    string,
    { readonly snapshot: string; readonly collection: string; isPublished: boolean }
  >
}

export const archiveDirectory = '/data/archives'

const ids: readonly (number | bigint | string)[] = [
  ...Array.from({ length: 10 }, (_, i) => i),
  2n ** 64n - 1n,
  'c0ffee00-1111-4222-8333-444455556666',
]
const collectionNames = ['alpha', 'beta', 'gamma', 'clone-1', 'clone-2']
const aliasNames = ['now', 'then', 'gamma']
const tags = ['red', 'green', 'blue']

const ok = 'ok'

export function drawOperation(around: Surroundings, clockJumps: boolean): Operation {
  return new OperationDrawer(around, clockJumps).draw()
}

class OperationDrawer {
  readonly #around: Surroundings
  readonly #db: Database
  readonly #clockJumps: boolean

  constructor(around: Surroundings, clockJumps: boolean) {
    this.#around = around
    this.#db = around.db
    this.#clockJumps = clockJumps
  }

  draw(): Operation {
    const kinds: readonly (readonly [number, () => Operation | undefined])[] = [
      [5, () => this.#create()],
      [1, () => this.#drop()],
      [22, () => this.#upsert()],
      [6, () => this.#delete()],
      [8, () => this.#payload()],
      [4, () => this.#vectors()],
      [2, () => this.#index()],
      [3, () => this.#alias()],
      [6, () => this.#snapshot()],
      // The more there are, the more are deleted: everything is compared again and again.
      [1 + this.#db.listAllSnapshots().length, () => this.#deleteSnapshot()],
      [3, () => this.#note()],
      [4, () => this.#clone()],
      [2, () => this.#cloneLive()],
      [3, () => this.#rollback()],
      [2, () => this.#restoreAll()],
      [2, () => this.#retention()],
      [4, () => this.#readMoment()],
      [2, () => this.#rollbackToMoment()],
      [2, () => this.#import()],
      [2, () => this.#importStore()],
      [2, () => this.#publishArchive()],
      [2, () => this.#importFile()],
      [14, () => this.#read()],
      [4, () => this.#readSnapshot()],
      [2, () => this.#verify()],
      [6, () => this.#maintain()],
      [3, () => this.#sleep()],
      [this.#clockJumps ? 4 : 0, () => this.#jump()],
    ]
    const total = kinds.reduce((sum, [weight]) => sum + weight, 0)
    for (;;) {
      let at = this.#around.random.next() * total
      const operation = kinds.find(([weight]) => (at -= weight) < 0)![1]()
      if (operation !== undefined) return operation
    }
  }

  #int(below: number): number {
    return Math.floor(this.#around.random.next() * below)
  }

  #pick<T>(values: readonly T[]): T | undefined {
    return values.length === 0 ? undefined : values[this.#int(values.length)]
  }

  #collection(): Collection | undefined {
    return this.#pick(this.#db.listCollections())
  }

  #create(): Operation | undefined {
    const name = this.#pick(collectionNames.slice(0, 3))!
    // Names that are taken are tried too, but not most of the time.
    if (this.#db.findCollection(name) !== undefined && this.#int(6) > 0) return undefined
    const shardNumber = 1 + this.#int(2)
    const hasIndex = this.#int(2) === 0
    return {
      text: `create ${name} with ${shardNumber} shards`,
      send: async () => {
        const made = await this.#db.createCollection(name, {
          vectors: { '': { size: 3, distance: 'Dot' }, side: { size: 2, distance: 'Euclid' } },
          shardNumber,
          ...(hasIndex ? { payloadIndexes: { n: { type: 'integer' as const } } } : {}),
        })
        return { text: ok, collectionId: made.id }
      },
      possibilities: (state, answer) =>
        taken(state, name) ?? [
          done(state, (next) => next.put(name, new ModelCollection(shardNumber, 0), answer?.collectionId)),
        ],
    }
  }

  #drop(): Operation | undefined {
    const found = this.#collection()
    if (found === undefined) return undefined
    const { name } = found
    return {
      text: `drop ${name}`,
      send: async () => ({ text: `${ok} ${await this.#db.dropCollection(name)}` }),
      possibilities: (state) =>
        state.collections.has(name)
          ? [done(state, (next) => next.drop(name), `${ok} true`)]
          : [same(state, `${ok} false`)],
    }
  }

  #vector(size: number): number[] {
    return Array.from({ length: size }, () => Math.fround(this.#int(64) / 8 - 4))
  }

  #randomPayload(): ModelPayload {
    const payload: ModelPayload = {}
    if (this.#int(4) > 0) payload['n'] = this.#int(6)
    if (this.#int(3) > 0) payload['tag'] = this.#pick(tags)!
    if (this.#int(4) === 0) payload['deep'] = { list: [1, 'two', null], text: 'ünï' }
    // Longer than a sector: power loss may keep the ends of its record and lose the middle.
    if (this.#int(10) === 0) payload['long'] = 'word '.repeat(100 + this.#int(400))
    return payload
  }

  #point(): ModelPoint {
    const vectors: Record<string, number[]> = {}
    if (this.#int(8) > 0) vectors[''] = this.#vector(3)
    if (this.#int(2) > 0) vectors['side'] = this.#vector(2)
    return { id: this.#pick(ids)!, payload: this.#randomPayload(), vectors }
  }

  /** A write to one collection: it happens if the collection is still there. */
  #write(
    found: Collection,
    text: string,
    send: () => Promise<{ readonly seq: number }>,
    change: (collection: ModelCollection) => void,
  ): Operation {
    const target = { name: found.name, id: found.id }
    return {
      text: `${text} in ${found.name}`,
      send: async () => ({ text: ok, seq: (await send()).seq }),
      possibilities: (state) =>
        state.find(target) === undefined
          ? [same(state, 'collection-not-found')]
          : [done(state, (next) => next.edit(target.name, change))],
    }
  }

  #upsert(): Operation | undefined {
    const found = this.#collection()
    if (found === undefined) return undefined
    const points = Array.from({ length: 1 + this.#int(6) }, () => this.#point())
    return this.#write(
      found,
      `upsert ${points.map(({ id }) => String(id)).join(',')}`,
      () => found.upsert(points),
      (collection) => points.forEach((point) => collection.set(point)),
    )
  }

  #selector(): { selector: PointSelector; matches: (point: ModelPoint) => boolean; text: string } {
    if (this.#int(3) > 0) {
      const chosen = Array.from({ length: 1 + this.#int(4) }, () => this.#pick(ids)!)
      const keys = new Set(chosen.map(String))
      return {
        selector: { ids: chosen },
        matches: ({ id }) => keys.has(String(id)),
        text: `ids ${[...keys].join(',')}`,
      }
    }
    if (this.#int(2) === 0) {
      const value = this.#int(6)
      const filter: Filter = { must: [{ kind: 'field', path: 'n', match: { value } }] }
      return { selector: { filter }, matches: ({ payload }) => payload['n'] === value, text: `n = ${value}` }
    }
    const tag = this.#pick(tags)!
    const filter: Filter = { mustNot: [{ kind: 'field', path: 'tag', match: { value: tag } }] }
    return { selector: { filter }, matches: ({ payload }) => payload['tag'] !== tag, text: `tag != ${tag}` }
  }

  #delete(): Operation | undefined {
    const found = this.#collection()
    if (found === undefined) return undefined
    const { selector, matches, text } = this.#selector()
    return this.#write(
      found,
      `delete ${text}`,
      () => found.delete(selector),
      (collection) => {
        for (const point of [...collection.points.values()]) if (matches(point)) collection.delete(point.id)
      },
    )
  }

  #payload(): Operation | undefined {
    const found = this.#collection()
    if (found === undefined) return undefined
    const { selector, matches, text } = this.#selector()
    const patch = this.#randomPayload()
    const kind = this.#pick(['set', 'overwrite', 'delete', 'clear'] as const)!
    const edit = (old: ModelPayload): ModelPayload => {
      if (kind === 'set') return { ...old, ...patch }
      if (kind === 'overwrite') return patch
      if (kind === 'clear') return {}
      const { tag: _gone, ...rest } = old
      return rest
    }
    const send = {
      set: () => found.setPayload(selector, patch),
      overwrite: () => found.overwritePayload(selector, patch),
      clear: () => found.clearPayload(selector),
      delete: () => found.deletePayload(selector, ['tag']),
    }
    return this.#write(found, `${kind} payload where ${text}`, send[kind], (collection) => {
      for (const point of [...collection.points.values()]) {
        if (matches(point)) collection.set({ ...point, payload: edit(point.payload) })
      }
    })
  }

  #vectors(): Operation | undefined {
    const found = this.#collection()
    if (found === undefined) return undefined
    if (this.#int(2) === 0) {
      const { selector, matches, text } = this.#selector()
      return this.#write(
        found,
        `delete vector side where ${text}`,
        () => found.deleteVectors(selector, ['side']),
        (collection) => {
          for (const point of [...collection.points.values()]) {
            if (!matches(point)) continue
            const { side: _gone, ...vectors } = point.vectors
            collection.set({ ...point, vectors })
          }
        },
      )
    }
    const id = this.#pick(ids)!
    const vectors = { side: this.#vector(2) }
    return this.#write(
      found,
      `update vector side of ${String(id)}`,
      () => found.updateVectors([{ id, vectors }]),
      (collection) => {
        const old = collection.points.get(String(id))
        if (old !== undefined) collection.set({ ...old, vectors: { ...old.vectors, ...vectors } })
      },
    )
  }

  #index(): Operation | undefined {
    const found = this.#collection()
    if (found === undefined) return undefined
    const drops = this.#int(2) === 0
    const operation = this.#write(
      found,
      drops ? 'drop the index of n' : 'create an index of n',
      () => (drops ? found.dropPayloadIndex('n') : found.createPayloadIndex('n', { type: 'integer' })),
      () => undefined,
    )
    // The number that it gives is of the last record that was applied, not always its own.
    return { ...operation, send: async () => ({ text: (await operation.send()).text }) }
  }

  #alias(): Operation | undefined {
    const alias = this.#pick(aliasNames)!
    if (this.#int(3) === 0) {
      return {
        text: `delete alias ${alias}`,
        send: async () => {
          await this.#db.updateAliases([{ kind: 'delete', alias }])
          return { text: ok }
        },
        possibilities: (state) => [done(state, (next) => void next.aliases.delete(alias))],
      }
    }
    const collection = this.#pick(collectionNames)!
    if (this.#db.findCollection(collection) === undefined && this.#int(8) > 0) return undefined
    return {
      text: `alias ${alias} -> ${collection}`,
      send: async () => {
        await this.#db.updateAliases([{ kind: 'create', alias, collection }])
        return { text: ok }
      },
      possibilities: (state) => {
        if (!state.collections.has(collection)) return [same(state, 'collection-not-found')]
        if (state.collections.has(alias)) return [same(state, 'collection-exists')]
        return [done(state, (next) => void next.aliases.set(alias, collection))]
      },
    }
  }

  #snapshot(): Operation | undefined {
    const name = this.#around.newName('s')
    const kind = this.#int(6)
    if (kind === 0) return this.#cut(name)
    if (kind < 3) {
      return {
        text: `snapshot ${name} of the store`,
        send: async () => ({ text: ok, seq: (await this.#db.createSnapshot({ name })).info().seq }),
        possibilities: (state) => [
          done(state, (next) => next.takeSnapshot(name, [...next.collections.keys()], true)),
        ],
      }
    }
    const found = this.#collection()
    if (found === undefined) return undefined
    const target = { name: found.name, id: found.id }
    return {
      text: `snapshot ${name} of ${found.name}`,
      send: async () => ({ text: ok, seq: (await found.createSnapshot({ name })).info().seq }),
      possibilities: (state) =>
        state.find(target) === undefined
          ? [same(state, 'collection-not-found')]
          : [done(state, (next) => next.takeSnapshot(name, [target.name], true))],
    }
  }

  /** Of several collections, by name. */
  #cut(name: string): Operation | undefined {
    const chosen = this.#db.listCollections().filter(() => this.#int(3) > 0)
    if (chosen.length < 2) return undefined
    const targets = chosen.map(({ name: one, id }) => ({ name: one, id }))
    const collections = targets.map((target) => target.name)
    return {
      text: `snapshot ${name} of ${collections.join(', ')}`,
      send: async () => ({
        text: ok,
        seq: (await this.#db.createSnapshot({ name, collections })).info().seq,
      }),
      possibilities: (state) =>
        targets.some((target) => state.find(target) === undefined)
          ? [same(state, 'collection-not-found')]
          : [done(state, (next) => next.takeSnapshot(name, collections, true))],
    }
  }

  #anySnapshot(): Snapshot | undefined {
    return this.#pick(this.#db.listAllSnapshots())
  }

  #deleteSnapshot(): Operation | undefined {
    const snapshot = this.#anySnapshot()
    if (snapshot === undefined) return undefined
    const { name } = snapshot
    return {
      text: `delete snapshot ${name}`,
      send: async () => ({ text: `${ok} ${await snapshot.delete()}` }),
      possibilities: (state) => {
        const held = state.snapshots.get(name)
        if (held === undefined) return [same(state, `${ok} false`)]
        if (held.holds > 0) return [same(state, 'snapshot-held')]
        return [done(state, (next) => void next.snapshots.delete(name), `${ok} true`)]
      },
    }
  }

  /** Labels it, holds it or lets it go. */
  #note(): Operation | undefined {
    const snapshot = this.#anySnapshot()
    if (snapshot === undefined) return undefined
    const { name } = snapshot
    const hold = this.#pick(snapshot.info().holds)
    const change = (
      text: string,
      send: () => Promise<unknown>,
      possible: (state: ExpectedState, holds: number) => readonly Possibility[],
    ): Operation => ({
      text: `${text} ${name}`,
      send: async () => {
        await send()
        return { text: ok }
      },
      possibilities: (state) => {
        const held = state.snapshots.get(name)
        return held === undefined ? [same(state, 'snapshot-not-found')] : possible(state, held.holds)
      },
    })
    const label = this.#pick(tags)!
    if (this.#int(3) === 0) {
      return change(
        `label ${label}`,
        () => snapshot.update({ labels: { tag: label } }),
        (state) => [done(state, (next) => next.note(name, { label }))],
      )
    }
    if (hold === undefined) {
      return change(
        'hold',
        () => snapshot.hold({ reason: 'the simulation says so' }),
        (state, holds) => [done(state, (next) => next.note(name, { holds: holds + 1 }))],
      )
    }
    return change(
      'release',
      () => snapshot.releaseHold(hold.id),
      // Another one may have released the same hold.
      (state, holds) => [
        same(state, 'hold-not-found'),
        ...(holds > 0 ? [done(state, (next) => next.note(name, { holds: holds - 1 }))] : []),
      ],
    )
  }

  /** A snapshot, and one of the collections that it holds. */
  #source(): { readonly snapshot: Snapshot; readonly collection: string } | undefined {
    const snapshot = this.#anySnapshot()
    const collection = this.#pick(snapshot?.info().collections ?? [])
    return snapshot === undefined || collection === undefined
      ? undefined
      : { snapshot, collection: collection.name }
  }

  #clone(): Operation | undefined {
    const source = this.#source()
    if (source === undefined) return undefined
    const as = this.#pick(collectionNames)!
    if (this.#db.findCollection(as) !== undefined && this.#int(6) > 0) return undefined
    const { snapshot, collection } = source
    return {
      text: `clone ${collection}@${snapshot.name} as ${as}`,
      send: async () => {
        const made = await this.#db.restore(snapshot, { collection, as })
        return { text: ok, collectionId: made.id }
      },
      possibilities: (state, answer) => {
        const held = state.snapshots.get(snapshot.name)?.collections.get(collection)
        const missing = held === undefined ? [same(state, 'snapshot-not-found')] : []
        const refused = taken(state, as)
        if (refused !== undefined || held === undefined) return [...missing, ...(refused ?? [])]
        return [done(state, (next) => next.put(as, held, answer?.collectionId))]
      },
    }
  }

  #rollback(): Operation | undefined {
    const source = this.#source()
    const found = this.#collection()
    if (source === undefined || found === undefined) return undefined
    const { snapshot, collection } = source
    const target: Target = { name: found.name, id: found.id }
    const undoName = this.#around.newName('undo')
    return {
      text: `roll ${found.name} back to ${collection}@${snapshot.name}, undo ${undoName}`,
      send: async () => {
        const undo = await found.rollback(snapshot, { collection, undoName })
        return { text: ok, seq: undo.info().seq }
      },
      possibilities: (state) => {
        const held = state.snapshots.get(snapshot.name)?.collections.get(collection)
        const missing = held === undefined ? [same(state, 'snapshot-not-found')] : []
        if (state.find(target) === undefined) return [...missing, same(state, 'collection-not-found')]
        if (held === undefined) return missing
        return [
          done(state, (next) => {
            next.takeSnapshot(undoName, [target.name], false)
            next.collections.set(target.name, held)
          }),
        ]
      },
    }
  }

  #cloneLive(): Operation | undefined {
    const found = this.#collection()
    const as = this.#pick(collectionNames)!
    if (found === undefined || (this.#db.findCollection(as) !== undefined && this.#int(6) > 0))
      return undefined
    const target = { name: found.name, id: found.id }
    return {
      text: `clone ${found.name} as ${as}`,
      send: async () => ({ text: ok, collectionId: (await this.#db.clone(found.name, as)).id }),
      possibilities: (state, answer) => {
        const source = state.find(target)
        const missing = source === undefined ? [same(state, 'collection-not-found')] : []
        const refused = taken(state, as)
        if (refused !== undefined || source === undefined) return [...missing, ...(refused ?? [])]
        return [done(state, (next) => next.put(as, source, answer?.collectionId))]
      },
    }
  }

  /** Some or all collections of a snapshot, in place or under other names, all or none. */
  #restoreAll(): Operation | undefined {
    const snapshot = this.#anySnapshot()
    if (snapshot === undefined) return undefined
    const targets = new Map<string, { readonly into: string; readonly replaced: Target | undefined }>()
    for (const { name } of snapshot.info().collections) {
      const into = this.#int(2) === 0 ? name : this.#pick(collectionNames)!
      const replaced = this.#db.listCollections().find((one) => one.name === into)
      if (this.#int(3) > 0 && ![...targets.values()].some((target) => target.into === into))
        targets.set(name, { into, replaced: replaced && { name: into, id: replaced.id } })
    }
    if (targets.size === 0) return undefined
    const undoName = this.#around.newName('undo')
    const names = Object.fromEntries([...targets].map(([name, { into }]) => [name, into]))
    return {
      text: `restore ${JSON.stringify(names)} of ${snapshot.name}, undo ${undoName}`,
      send: async () => {
        const { undo } = await this.#db.restoreAll(snapshot, { collections: names, replace: true, undoName })
        return { text: ok, ...(undo === undefined ? {} : { seq: undo.info().seq }) }
      },
      possibilities: (state) => restored(state, snapshot.name, targets, undoName),
    }
  }

  #retention(): Operation | undefined {
    const keeps = this.#db.retention().windowMs === 0
    if (!keeps && this.#int(4) > 0) return undefined
    return {
      text: keeps ? 'keep every moment' : 'keep no moments',
      send: async () => {
        // Ten years: it ends only if the clock says so.
        await this.#db.setRetention({ windowMs: keeps ? 10 * 365 * 86_400_000 : 0 })
        return { text: ok }
      },
      possibilities: (state) => [done(state, (next) => next.keepMoments(keeps))],
    }
  }

  #readMoment(): Operation | undefined {
    const seq = this.#pick(this.#around.moments())
    if (seq === undefined) return undefined
    // Not a name that may be an alias of another one.
    const name = this.#pick(collectionNames.filter((one) => !aliasNames.includes(one)))!
    return {
      text: `content of ${name}@seq:${seq}`,
      send: async () => {
        await using reader = await this.#db.openReader(`${name}@seq:${seq}`)
        return { text: await reader.contentHash() }
      },
      possibilities: (state) => {
        const moment = state.moments.get(seq)
        const forgotten = moment === undefined || this.#around.hasJumped() ? ['moment-not-kept'] : []
        const content = moment?.collections.get(name)?.hash() ?? 'collection-not-found'
        const unknown = moment === undefined ? ['collection-not-found'] : []
        return [...forgotten, ...unknown, content].map((answer) => same(state, answer))
      },
    }
  }

  #rollbackToMoment(): Operation | undefined {
    const seq = this.#pick(this.#around.moments())
    const found = this.#collection()
    if (seq === undefined || found === undefined) return undefined
    const target = { name: found.name, id: found.id }
    const undoName = this.#around.newName('undo')
    return {
      text: `roll ${found.name} back to seq ${seq}, undo ${undoName}`,
      send: async () => ({ text: ok, seq: (await found.rollback({ seq }, { undoName })).info().seq }),
      possibilities: (state) => {
        const moment = state.moments.get(seq)
        const forgotten =
          moment === undefined || this.#around.hasJumped() ? [same(state, 'moment-not-kept')] : []
        // By now, or then.
        const then =
          moment?.ids.get(target.name) === target.id ? moment.collections.get(target.name) : undefined
        if (state.find(target) === undefined || then === undefined)
          return [...forgotten, same(state, 'collection-not-found')]
        return [
          ...forgotten,
          done(state, (next) => {
            next.takeSnapshot(undoName, [target.name], false)
            next.collections.set(target.name, then)
          }),
        ]
      },
    }
  }

  /** Of one collection, under any name, over what has that name or not. */
  #import(): Operation | undefined {
    const source = this.#source()
    if (source === undefined || source.snapshot.info().scope !== 'collection') return undefined
    const { snapshot, collection } = source
    const into = this.#pick(collectionNames)!
    const replace = this.#int(4) > 0
    return {
      text: `import the archive of ${snapshot.name} as ${into}${replace ? ', replacing' : ''}`,
      send: async () => {
        await using archive = await snapshot.archive()
        await this.#db.restoreArchive(archive.stream(), { into, replace })
        return { text: ok }
      },
      possibilities: (state) => [
        ...(state.snapshots.has(snapshot.name) ? [] : [same(state, 'snapshot-not-found')]),
        ...imported(state, snapshot.name, [[collection, into]], replace, false),
      ],
    }
  }

  #importStore(): Operation | undefined {
    const snapshot = this.#anySnapshot()
    if (snapshot === undefined || snapshot.info().scope === 'collection') return undefined
    const names = snapshot.info().collections.map(({ name }) => name)
    return {
      text: `import the archive of the whole store ${snapshot.name}, replacing`,
      send: async () => {
        await using archive = await snapshot.archive()
        await this.#db.restoreStoreArchive(archive.stream(), { replace: true })
        return { text: ok }
      },
      possibilities: (state) => [
        ...(state.snapshots.has(snapshot.name) ? [] : [same(state, 'snapshot-not-found')]),
        ...imported(
          state,
          snapshot.name,
          names.map((name) => [name, name]),
          true,
          true,
        ),
      ],
    }
  }

  #publishArchive(): Operation | undefined {
    const source = this.#source()
    if (source === undefined || source.snapshot.info().scope !== 'collection') return undefined
    const { snapshot, collection } = source
    const file = `${this.#around.newName('a')}.snapshot`
    return {
      text: `publish ${snapshot.name} as ${file}`,
      send: async () => {
        const { files } = this.#around.archives
        await using archive = await snapshot.archive()
        files.set(file, { snapshot: snapshot.name, collection, isPublished: false })
        await this.#around.folder.publish('', file, archive.stream())
        files.get(file)!.isPublished = true
        return { text: ok }
      },
      possibilities: (state) => [
        ...(state.snapshots.has(snapshot.name) ? [] : [same(state, 'snapshot-not-found')]),
        same(state, ok),
      ],
    }
  }

  #importFile(): Operation | undefined {
    const name = this.#pick([...this.#around.archives.files.keys()])
    if (name === undefined) return undefined
    const { snapshot, collection, isPublished } = this.#around.archives.files.get(name)!
    const into = this.#pick(collectionNames)!
    const replace = this.#int(4) > 0
    return {
      text: `import the file ${name} of ${snapshot} as ${into}${replace ? ', replacing' : ''}`,
      send: async () => {
        const file = await this.#around.folder.find('', name)
        if (file === undefined) return { text: isPublished ? 'a published file is gone' : 'no file' }
        await this.#db.restoreArchive(file.stream(), {
          into,
          replace,
          ...(file.sha256 === undefined ? {} : { sha256: file.sha256 }),
        })
        return { text: ok }
      },
      possibilities: (state) => [
        ...(isPublished ? [] : [same(state, 'no file')]),
        ...imported(state, snapshot, [[collection, into]], replace, false),
      ],
    }
  }

  #read(): Operation | undefined {
    if (this.#int(6) === 0) return this.#readNames()
    const found = this.#collection()
    if (found === undefined) return undefined
    const target = { name: found.name, id: found.id }
    const { what, ask, tell } = this.#question()
    return {
      text: `${what} of ${found.name}`,
      send: async () => ({ text: await ask(found) }),
      possibilities: (state) => {
        const collection = state.find(target)
        return [same(state, collection === undefined ? 'collection-not-found' : tell(collection))]
      },
    }
  }

  #readNames(): Operation {
    return {
      text: 'read the names',
      send: async () => {
        const collections = this.#db.listCollections().map(({ name }) => name)
        const aliases = this.#db.listAliases().map(({ alias, collection }) => `${alias}->${collection}`)
        const snapshots = this.#db.listAllSnapshots().map(({ name }) => name)
        return { text: namesText(collections, aliases, snapshots) }
      },
      possibilities: (state) => {
        const { collections, aliases, snapshots } = state
        const targets = [...aliases].map(([alias, collection]) => `${alias}->${collection}`)
        return [same(state, namesText([...collections.keys()], targets, [...snapshots.keys()]))]
      },
    }
  }

  #question(): {
    readonly what: string
    readonly ask: (found: Collection) => Promise<string>
    readonly tell: (collection: ModelCollection) => string
  } {
    const n = this.#int(6)
    const filter: Filter = { must: [{ kind: 'field', path: 'n', range: { gte: n } }] }
    const passing = ({ points }: ModelCollection): ModelPoint[] =>
      [...points.values()].filter(({ payload }) => typeof payload['n'] === 'number' && payload['n'] >= n)
    const kind = this.#int(4)
    if (kind === 0)
      return { what: 'content', ask: (found) => found.contentHash(), tell: (collection) => collection.hash() }
    if (kind === 1) {
      return {
        what: `count with n >= ${n}`,
        ask: async (found) => String(await found.count(filter)),
        tell: (collection) => String(passing(collection).length),
      }
    }
    if (kind === 2) {
      return {
        what: 'first ids',
        ask: async (found) => (await found.scroll({ limit: 5 })).points.map(({ id }) => String(id)).join(),
        tell: (collection) =>
          collection
            .sorted()
            .slice(0, 5)
            .map(({ id }) => String(id))
            .join(),
      }
    }
    const vector = [1, -2, 0.5]
    return {
      what: `nearest with n >= ${n}`,
      ask: async (found) =>
        (await found.query({ vector, filter, limit: 5 })).map(({ score }) => score).join(),
      tell: (collection) =>
        passing(collection)
          .flatMap(({ vectors }) => (vectors[''] === undefined ? [] : [dot(vectors[''], vector)]))
          .sort((a, b) => b - a)
          .slice(0, 5)
          .join(),
    }
  }

  #readSnapshot(): Operation | undefined {
    const source = this.#source()
    if (source === undefined) return undefined
    const { snapshot, collection } = source
    return {
      text: `content of ${collection}@${snapshot.name}`,
      send: async () => {
        await using reader = await snapshot.collection(collection)
        return { text: await reader.contentHash() }
      },
      // What was opened may be read on after its name is gone.
      possibilities: (state) => [
        ...(state.snapshots.has(snapshot.name) ? [] : [same(state, 'snapshot-not-found')]),
        same(state, state.everHeld.get(snapshot.name)?.collections.get(collection)?.hash() ?? 'never held'),
      ],
    }
  }

  #verify(): Operation | undefined {
    const snapshot = this.#anySnapshot()
    if (snapshot === undefined) return undefined
    return {
      text: `verify ${snapshot.name}`,
      send: async () => {
        await verified(snapshot)
        return { text: ok }
      },
      possibilities: (state) => [
        ...(state.snapshots.has(snapshot.name) ? [] : [same(state, 'snapshot-not-found')]),
        same(state, ok),
      ],
    }
  }

  #maintain(): Operation {
    const kind = this.#pick(['flush', 'flush', 'optimize', 'collect garbage', 'sweep'] as const)!
    return {
      text: kind,
      send: async () => {
        if (kind === 'flush') await this.#db.flush()
        else if (kind === 'optimize') await this.#db.optimize()
        else if (kind === 'sweep') await this.#around.folder.sweep()
        else await this.#db.collectGarbage()
        return { text: ok }
      },
      possibilities: (state) => [same(state, ok)],
    }
  }

  #sleep(): Operation {
    const ms = this.#int(4) === 0 ? this.#int(90_000) : this.#int(500)
    return {
      text: `sleep ${ms} ms`,
      send: async () => {
        await this.#around.sleep(ms)
        return { text: ok }
      },
      possibilities: (state) => [same(state, ok)],
    }
  }

  #jump(): Operation {
    const size = this.#pick([60_000, 86_400_000, 40 * 365 * 86_400_000])!
    const ms = (this.#int(2) === 0 ? 1 : -1) * this.#int(size)
    return {
      text: 'clock jump',
      send: async () => {
        this.#around.jumpClock(ms)
        return { text: ok }
      },
      possibilities: (state) => [same(state, ok)],
    }
  }
}

/** @throws database-closed if closing the database has stopped it; what is wrong otherwise */
async function verified(snapshot: Snapshot): Promise<void> {
  const { ok: isWell, problems, resumeFrom } = await snapshot.verify()
  if (isWell) return
  if (problems.length === 0 && resumeFrom !== undefined)
    throw new DatabaseError('database-closed', `Cannot go on verifying ${snapshot.name}`)
  const text = problems.map(({ file, why }) => `${file}: ${why}`).join('; ')
  const isUnread = problems.every(({ why }) => why.startsWith('unreadable'))
  throw new DatabaseError(isUnread ? 'read-failed' : 'segment-corrupt', text)
}

function namesText(
  collections: readonly string[],
  aliases: readonly string[],
  snapshots: readonly string[],
): string {
  return [collections, aliases, snapshots].map((names) => [...names].sort().join(' ')).join(' | ')
}

/** Nothing changes. */
function same(state: ExpectedState, answer: string): Possibility {
  return { answer, next: state }
}

function done(state: ExpectedState, change: (next: ExpectedState) => void, answer = ok): Possibility {
  return { answer, next: state.with(change) }
}

/** Why no collection can have this name; undefined if one can. */
function taken(state: ExpectedState, name: string): Possibility[] | undefined {
  if (state.collections.has(name)) return [same(state, 'collection-exists')]
  return state.aliases.has(name) ? [same(state, 'alias-exists')] : undefined
}

/** A restore of several collections of a snapshot; those that were there when it was asked for are replaced in place. */
function restored(
  state: ExpectedState,
  snapshot: string,
  targets: ReadonlyMap<string, { readonly into: string; readonly replaced: Target | undefined }>,
  undoName: string,
): readonly Possibility[] {
  const held = state.snapshots.get(snapshot)
  const refused: Possibility[] = held === undefined ? [same(state, 'snapshot-not-found')] : []
  const replaced: string[] = []
  for (const { into, replaced: target } of targets.values()) {
    if (target === undefined) refused.push(...(taken(state, into) ?? []))
    else if (state.find(target) === undefined) refused.push(same(state, 'collection-not-found'))
    else replaced.push(into)
  }
  if (held === undefined || refused.length > 0) return refused
  if ([...targets.keys()].some((name) => !held.collections.has(name))) return []
  return [
    done(state, (next) => {
      if (replaced.length > 0) next.takeSnapshot(undoName, replaced, false)
      for (const [name, { into }] of targets) next.put(into, held.collections.get(name)!, next.ids.get(into))
    }),
  ]
}

/** An import of what a snapshot held, which may be deleted by now: [name in the snapshot, name of the target]. */
function imported(
  state: ExpectedState,
  snapshot: string,
  names: readonly (readonly [string, string])[],
  replace: boolean,
  withAliases: boolean,
): readonly Possibility[] {
  const held = state.everHeld.get(snapshot)
  // Not a state that the database was in: there the snapshot holds all of them.
  if (held === undefined || names.some(([from]) => !held.collections.has(from))) return []
  const refused: Possibility[] = []
  for (const [from, into] of names) {
    const target = state.collections.get(into)
    if (target === undefined || !replace) refused.push(...(taken(state, into) ?? []))
    else if (target.shardNumber !== held.collections.get(from)!.shardNumber)
      refused.push(same(state, 'snapshot-incompatible'))
  }
  const aliases = withAliases ? [...held.aliases] : []
  if (aliases.some(([alias]) => state.collections.has(alias))) refused.push(same(state, 'alias-exists'))
  if (refused.length > 0) return refused
  return [
    done(state, (next) => {
      for (const [from, into] of names) {
        next.put(into, held.collections.get(from)!, next.ids.get(into))
      }
      for (const [alias, target] of aliases) next.aliases.set(alias, target)
    }),
  ]
}

// The model's vectors are multiples of an eighth: their products are exact in float32.
function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0)
}
