import type { CollectionState } from '../collection/collection-state.ts'
import type { Deletions } from '../collection/deletions.ts'
import type { StoredView } from '../collection/open-view.ts'
import type { SegmentHandle } from '../collection/segment-handle.ts'
import type { View } from '../collection/view.ts'
import type { CollectionId, Generation, SequenceNumber } from '../ids/brands.ts'
import { generationOf } from '../ids/brands.ts'
import type { Catalog, ManifestFile, SealedRef } from '../manifest/format.ts'
import { catalogKey } from '../manifest/format.ts'
import { publishCatalog, writeManifest } from '../manifest/writer.ts'
import type { Random } from '../runtime/random.ts'
import { writeDelta } from '../segment/delta-writer.ts'
import type { SegmentWriter } from '../segment/segment-writer.ts'
import { readSealed, sealView } from '../snapshot/seal.ts'
import { keysOfStoredView } from '../snapshot/stored-keys.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { CatalogState, SnapshotState } from './catalog-state.ts'

// Order within a checkpoint (each step durable before the next):
//   segments -> delta files -> snapshot metadata -> manifests -> catalog (the commit point) -> the log may be cut.
// After a crash at any point the newest catalog and the log behind it give the same state again.

export interface CheckpointerOptions {
  readonly store: ObjectStore
  readonly catalog: CatalogState
  readonly segments: SegmentWriter
  readonly random: Random
  readonly database: string
}

interface CommittedManifest {
  readonly file: ManifestFile
  readonly changeCount: number
  /** Objects that the manifest names, itself included. */
  readonly keys: readonly string[]
}

interface Capture {
  readonly seq: SequenceNumber
  readonly collections: readonly {
    readonly state: CollectionState
    readonly view: View | undefined
    readonly changeCount: number
  }[]
  readonly snapshots: readonly {
    readonly state: SnapshotState
    readonly views: ReadonlyMap<CollectionId, View> | undefined
  }[]
  readonly aliases: Readonly<Record<string, string>>
}

export class Checkpointer {
  readonly #options: CheckpointerOptions
  #manifests = new Map<CollectionId, CommittedManifest>()
  #generation: Generation
  #seq: SequenceNumber
  /** What sealed snapshots reach, by snapshot id, as far as it has been needed. */
  readonly #snapshotKeys = new Map<string, readonly string[]>()
  /** The sealed snapshots that the newest catalog names: replay may restore from them though they are deleted by now. */
  #committedSnapshots: ReadonlyMap<string, readonly SealedRef[]> = new Map()

  constructor(options: CheckpointerOptions, generation: Generation, seq: SequenceNumber) {
    this.#options = options
    this.#generation = generation
    this.#seq = seq
  }

  /** The log record up to which the newest catalog counts. */
  get seq(): SequenceNumber {
    return this.#seq
  }

  /** UUID of the store. */
  get database(): string {
    return this.#options.database
  }

  get generation(): Generation {
    return this.#generation
  }

  /** A manifest that the newest catalog names, as recovery found it. */
  recovered(state: CollectionState, file: ManifestFile, stored: StoredView): void {
    const keys = [file.key, ...keysOfStoredView(stored)]
    this.#manifests.set(state.id, { file, changeCount: state.changeCount, keys })
  }

  /** True if the newest catalog does not show the present state. */
  isBehind(appliedSeq: SequenceNumber): boolean {
    if (appliedSeq !== this.#seq) return true
    return [...this.#options.catalog.collections.values()].some(
      (state) => this.#manifests.get(state.id)?.changeCount !== state.changeCount,
    )
  }

  recoveredSnapshots(snapshots: ReadonlyMap<string, readonly SealedRef[]>): void {
    this.#committedSnapshots = snapshots
  }

  /** Every object that the newest catalog reaches, itself included. @throws manifest-corrupt if a snapshot's files cannot be read */
  async committedKeys(): Promise<string[]> {
    const keys = [
      catalogKey(this.#generation),
      ...[...this.#manifests.values()].flatMap((manifest) => manifest.keys),
    ]
    for (const [id, refs] of this.#committedSnapshots) keys.push(...(await this.#keysOfSnapshot(id, refs)))
    return keys
  }

  async #keysOfSnapshot(id: string, refs: readonly SealedRef[]): Promise<readonly string[]> {
    let keys = this.#snapshotKeys.get(id)
    if (keys === undefined) {
      const contents = await Promise.all(refs.map((ref) => readSealed(this.#options.store, ref)))
      keys = contents.flatMap((content) => content.keys)
      this.#snapshotKeys.set(id, keys)
    }
    return keys
  }

  /** Writes the state as of `seq`, which must be the last record applied, and publishes it. */
  async run(seq: SequenceNumber): Promise<void> {
    const capture = this.#capture(seq)
    try {
      await this.#write(capture)
    } finally {
      for (const { view } of capture.collections) view?.release()
      for (const { views } of capture.snapshots) for (const view of views?.values() ?? []) view.release()
    }
  }

  /** In one tick: freezes the memtables and takes everything by reference. */
  #capture(seq: SequenceNumber): Capture {
    const { catalog } = this.#options
    const collections = [...catalog.collections.values()].map((state) => {
      const isUnchanged = this.#manifests.get(state.id)?.changeCount === state.changeCount
      if (!isUnchanged) state.freeze()
      return { state, view: isUnchanged ? undefined : state.view(seq), changeCount: state.changeCount }
    })
    const snapshots = [...catalog.snapshots.values()].map((state) => ({
      state,
      views: copyViews(state.views),
    }))
    return { seq, collections, snapshots, aliases: Object.fromEntries(catalog.aliases) }
  }

  async #write(capture: Capture): Promise<void> {
    const views = [
      ...capture.collections.flatMap(({ view }) => view ?? []),
      ...capture.snapshots.flatMap(({ views: own }) => [...(own?.values() ?? [])]),
    ]
    await this.#writeSegments(views)
    await this.#writeDeletions(views)
    const sealed = await this.#sealSnapshots(capture)
    const generation = generationOf(this.#generation + 1)
    const manifests = await this.#writeManifests(capture, generation)
    await publishCatalog(this.#options.store, this.#catalogOf(capture, generation, manifests, sealed))
    // Committed from here: the catalog names the manifests, and the log up to seq is no longer needed.
    this.#generation = generation
    this.#seq = capture.seq
    this.#manifests = manifests
    for (const { state } of capture.snapshots) releaseSealed(state, sealed.get(state))
    this.#committedSnapshots = new Map(
      capture.snapshots.map(({ state }) => [state.record.id, state.sealed ?? sealed.get(state) ?? []]),
    )
    for (const id of [...this.#snapshotKeys.keys()])
      if (!this.#committedSnapshots.has(id)) this.#snapshotKeys.delete(id)
  }

  async #writeSegments(views: readonly View[]): Promise<void> {
    const pending = new Map<SegmentHandle, View>()
    for (const view of views) {
      for (const { handle } of view.entries()) if (handle.info === undefined) pending.set(handle, view)
    }
    for (const [handle, view] of pending) {
      handle.written(await this.#options.segments.write(handle.id, handle.rows, view.config.payloadIndexes))
    }
  }

  async #writeDeletions(views: readonly View[]): Promise<void> {
    const pending = new Map<Deletions, { handle: SegmentHandle; count: number }>()
    const add = (deletions: Deletions, handle: SegmentHandle, count: number): void => {
      const known = pending.get(deletions)
      if (known === undefined || known.count < count) pending.set(deletions, { handle, count })
    }
    for (const view of views) {
      for (const { handle, deletions, deletionCount } of view.entries()) {
        add(deletions, handle, deletionCount)
        for (const below of deletions.chain()) add(below.deletions, handle, below.count)
      }
    }
    for (const [deletions, { handle, count }] of pending) {
      const pairs = deletions.unpersisted(count)
      if (pairs.length === 0) continue
      deletions.persisted(
        count,
        await writeDelta(this.#options.store, handle.id, deletions.owner, pairs, this.#options.random),
      )
    }
  }

  async #sealSnapshots(capture: Capture): Promise<Map<SnapshotState, readonly SealedRef[]>> {
    const sealed = new Map<SnapshotState, readonly SealedRef[]>()
    for (const { state, views } of capture.snapshots) {
      if (state.sealed !== undefined || views === undefined) continue
      const refs: SealedRef[] = []
      const keys: string[] = []
      for (const { collection, name } of state.record.collections) {
        const result = await sealView(this.#options.store, this.#options.random, state.record, {
          collection,
          name,
          view: views.get(collection)!,
        })
        refs.push(result.ref)
        keys.push(...result.keys)
      }
      sealed.set(state, refs)
      this.#snapshotKeys.set(state.record.id, keys)
    }
    return sealed
  }

  async #writeManifests(
    capture: Capture,
    generation: Generation,
  ): Promise<Map<CollectionId, CommittedManifest>> {
    const manifests = new Map<CollectionId, CommittedManifest>()
    for (const { state, view, changeCount } of capture.collections) {
      if (view === undefined) {
        manifests.set(state.id, this.#manifests.get(state.id)!)
        continue
      }
      const stored = storedView(state.id, view)
      const unique = this.#options.random.uuid().slice(0, 8)
      const content = { ...stored, name: state.name, pointCount: view.pointCount() }
      const file = await writeManifest(this.#options.store, content, generation, unique)
      manifests.set(state.id, { file, changeCount, keys: [file.key, ...keysOfStoredView(stored)] })
    }
    return manifests
  }

  #catalogOf(
    capture: Capture,
    generation: Generation,
    manifests: ReadonlyMap<CollectionId, CommittedManifest>,
    sealed: ReadonlyMap<SnapshotState, readonly SealedRef[]>,
  ): Catalog {
    return {
      database: this.#options.database,
      generation,
      appliedSeq: capture.seq,
      collections: capture.collections.map(({ state }) => ({
        id: state.id,
        name: state.name,
        ...manifests.get(state.id)!.file,
      })),
      aliases: capture.aliases,
      snapshots: capture.snapshots.map(({ state }) => ({
        ...state.record,
        sealed: state.sealed ?? sealed.get(state) ?? [],
      })),
    }
  }
}

function copyViews(
  views: ReadonlyMap<CollectionId, View> | undefined,
): ReadonlyMap<CollectionId, View> | undefined {
  if (views === undefined) return undefined
  return new Map([...views].map(([id, view]) => [id, view.copy()]))
}

function releaseSealed(state: SnapshotState, refs: readonly SealedRef[] | undefined): void {
  if (refs === undefined) return
  state.sealed = refs
  for (const view of state.views?.values() ?? []) view.release()
  state.views = undefined
}

/** A view whose segments and deletions are all written, as files hold it. */
export function storedView(collection: CollectionId, view: View): StoredView {
  const segments = new Map([...view.entries()].map(({ handle }) => [handle.id, handle.info!]))
  return {
    collection,
    seq: view.seq,
    config: view.config,
    shards: view.manifestShards(),
    segments: [...segments.values()],
  }
}
