import { DatabaseError } from '../../errors/database-error.ts'
import type { SealedRef } from '../../manifest/format.ts'
import { allEnded } from '../../runtime/all-ended.ts'
import { assert } from '../../runtime/assert.ts'
import { Mutex } from '../../runtime/mutex.ts'
import { SpaceIndex } from '../../snapshot/space.ts'
import { planVerification } from '../../snapshot/verify/plan.ts'
import type { KeptState } from '../catalog-state.ts'
import type { Engine } from '../engine.ts'

// What is counted: files of segments, deltas, and the metadata and manifests of snapshots, with the lengths that their
// manifests state. What is not: the catalog, the manifests of living collections, the log, and garbage.
// The roots are those of garbage collection: living collections, snapshots, stretches of the past, pins.

// Snapshots that are read at once when they are counted for the first time.
const readAtOnce = 16

export interface SnapshotSpace {
  /** Of every object that it refers to. */
  readonly bytes: number
  /** Of those that nothing else refers to: no other snapshot, no living collection, no moment that retention keeps. */
  readonly exclusiveBytes: number
  /** What the store has less once it is deleted and garbage is collected: `exclusiveBytes` without what a running job reads. */
  readonly freedByDelete: number
}

export interface SpaceReport {
  /** Of segments and deltas that living collections refer to, as far as they are written. */
  readonly liveBytes: number
  /** Of every object that some snapshot refers to, each once. */
  readonly snapshotBytes: number
  /** Of every object that a collection, a snapshot or the retention window refers to, each once. */
  readonly totalBytes: number
  /** In order of creation. */
  readonly snapshots: readonly {
    readonly id: string
    readonly name: string
    readonly bytes: number
    readonly exclusiveBytes: number
  }[]
}

const spaces = new WeakMap<Engine, Space>()

/** The one count of an open database. */
export function spaceOf(engine: Engine): Space {
  let space = spaces.get(engine)
  if (space === undefined) spaces.set(engine, (space = new Space(engine)))
  return space
}

/** Who refers to how many bytes of a store. What was counted once is kept; a call looks at what has changed since. */
export class Space {
  readonly #engine: Engine
  readonly #mutex = new Mutex()
  readonly #index = new SpaceIndex()
  /** What the index counts, by id. */
  readonly #counted = new Map<string, readonly SealedRef[]>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** @throws snapshot-not-found, manifest-corrupt */
  ofSnapshot(id: string): Promise<SnapshotSpace> {
    return this.#refreshed(true, () => {
      this.#check([id])
      const live = this.#liveObjects()
      const space = this.#index.spaceOf(id, (key) => live.has(key))
      return { ...space, freedByDelete: this.#index.freedBy([id], this.#isHeld(live)) }
    })
  }

  /** @throws snapshot-not-found, manifest-corrupt */
  freedBy(ids: readonly string[]): Promise<{ readonly bytes: number }> {
    return this.#refreshed(true, () => {
      this.#check(ids)
      return { bytes: this.#index.freedBy([...new Set(ids)], this.#isHeld(this.#liveObjects())) }
    })
  }

  /** @throws manifest-corrupt */
  report(): Promise<SpaceReport> {
    return this.#refreshed(false, () => {
      const { catalog } = this.#engine.parts
      const live = this.#liveObjects()
      const liveBytes = [...live.values()].reduce((sum, bytes) => sum + bytes, 0)
      const spaces = this.#index.spaces((key) => live.has(key))
      // What came to be while this was counted is not sealed: it counts with the living, and in the next report.
      const snapshots = [...catalog.snapshots.values()].flatMap(({ record: { id, name } }) => {
        const space = spaces.get(id)
        return space === undefined ? [] : { id, name, ...space }
      })
      return {
        liveBytes,
        snapshotBytes: this.#index.bytesHeldBy(snapshots.map(({ id }) => id)),
        totalBytes: liveBytes + this.#index.bytesOf((key) => !live.has(key)),
        snapshots,
      }
    })
  }

  /** One at a time; `read` sees the index in the state of its tick. */
  #refreshed<T>(isExact: boolean, read: () => T): Promise<T> {
    return this.#mutex.run(async () => {
      const { catalog } = this.#engine.parts
      this.#engine.checkOpen()
      // Sealed first: how long a file will be is known when it is written.
      if (isExact || [...catalog.kept()].some(({ sealed }) => sealed === undefined))
        await this.#engine.checkpoint()
      do {
        await this.#addNew()
        this.#engine.checkOpen()
        this.#removeGone()
      } while (this.#uncounted().length > 0)
      return read()
    })
  }

  #uncounted(): KeptState[] {
    return [...this.#engine.parts.catalog.kept()].filter(
      ({ record, sealed }) => sealed !== undefined && this.#counted.get(record.id) !== sealed,
    )
  }

  async #addNew(): Promise<void> {
    const pending = this.#uncounted()
    for (let at = 0; at < pending.length; at += readAtOnce) {
      await allEnded(pending.slice(at, at + readAtOnce).map((state) => this.#add(state)))
    }
  }

  async #add({ record: { id }, sealed }: KeptState): Promise<void> {
    if (sealed === undefined) return
    const { files, problems } = await planVerification(this.#engine.parts.store, sealed)
    const [problem] = problems
    if (problem !== undefined) {
      // Deleted and collected while it was read.
      if (![...this.#engine.parts.catalog.kept()].some((state) => state.record.id === id)) return
      throw new DatabaseError(
        'manifest-corrupt',
        `Cannot count the space of snapshot ${id}: ${problem.file}: ${problem.why}`,
        { key: problem.file, snapshot: id },
      )
    }
    this.#remove(id)
    this.#index.add(id, files)
    this.#counted.set(id, sealed)
  }

  #removeGone(): void {
    const kept = new Set<string>()
    for (const { record } of this.#engine.parts.catalog.kept()) kept.add(record.id)
    for (const id of [...this.#counted.keys()]) if (!kept.has(id)) this.#remove(id)
  }

  #remove(id: string): void {
    if (this.#counted.delete(id)) this.#index.remove(id)
  }

  /** Length by key of all that is reached from memory: as garbage collection does it, see `Engine`. */
  #liveObjects(): ReadonlyMap<string, number> {
    const { catalog } = this.#engine.parts
    const live = new Map<string, number>()
    const add = (segment: string, { name, bytes }: { name: string; bytes: number }): void => {
      live.set(`segments/${segment}/${name}`, bytes)
    }
    const views = [...catalog.kept()].flatMap((kept) => [...(kept.views?.values() ?? [])])
    const entries = [
      ...views.flatMap((view) => [...view.entries()]),
      ...[...catalog.collections.values()].flatMap(({ shards }) => shards.flatMap((shard) => shard.entries)),
    ]
    for (const { handle, deletions } of entries) {
      for (const file of handle.info?.files ?? []) add(handle.id, file)
      for (const ref of deletions.knownRefs()) add(handle.id, ref)
    }
    return live
  }

  #isHeld(live: ReadonlyMap<string, number>): (key: string) => boolean {
    const pinned = new Set(this.#engine.parts.pins.prefixes())
    return (key) => live.has(key) || pinned.has(key.slice(0, key.lastIndexOf('/') + 1))
  }

  #check(ids: readonly string[]): void {
    for (const id of ids) {
      this.#engine.parts.catalog.getSnapshot(id)
      // Its record came before the call, and the checkpoint after.
      assert(this.#index.has(id), `snapshot ${id} is sealed and counted`)
    }
  }
}
