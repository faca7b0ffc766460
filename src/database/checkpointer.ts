import type { CollectionState } from '../collection/collection-state.ts'
import type { Deletions } from '../collection/deletions.ts'
import type { StoredView } from '../collection/open-view.ts'
import type { SegmentHandle, SegmentRegistry } from '../collection/segment-handle.ts'
import type { View } from '../collection/view.ts'
import { writeRows } from '../collection/write-rows.ts'
import type { CollectionId, Generation, SequenceNumber } from '../ids/brands.ts'
import { generationOf } from '../ids/brands.ts'
import { RawJson, stringifyJson, type JsonValue } from '../encoding/json.ts'
import type {
  Catalog,
  CatalogSnapshot,
  ManifestFile,
  SealedRef,
  SnapshotMarks,
  SnapshotRecord,
} from '../manifest/format.ts'
import { catalogKey, historyPrefix } from '../manifest/format.ts'
import { publishCatalog, sha256, writeManifest, type CatalogText } from '../manifest/writer.ts'
import { allEnded } from '../runtime/all-ended.ts'
import type { Random } from '../runtime/random.ts'
import { writeDelta } from '../segment/delta-writer.ts'
import type { SegmentWriter } from '../segment/segment-writer.ts'
import { segmentKey } from '../segment/format.ts'
import { readSealed, sealView } from '../snapshot/seal.ts'
import { keysOfStoredView } from '../snapshot/stored-keys.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { VerifiedObjects } from '../storage/verified-objects.ts'
import type { CatalogState, HistoryState, KeptState, SnapshotState } from './catalog-state.ts'

// Snapshots whose files are written at once.
const sealedAtOnce = 16

// Order within a checkpoint (each step durable before the next):
//   segments -> delta files -> snapshot metadata -> manifests -> catalog (the commit point) -> the log may be cut.
// After a crash at any point the newest catalog and the log behind it give the same state again.

export interface CheckpointerOptions {
  readonly store: ObjectStore
  readonly catalog: CatalogState
  readonly segments: SegmentWriter
  /** What reads segments that are written, where their vectors leave memory. */
  readonly registry: SegmentRegistry
  /** Learns of the files that are written. */
  readonly verified: VerifiedObjects
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
    /** As it was then. */
    readonly name: string
    readonly view: View | undefined
    readonly changeCount: number
    readonly validFrom: SequenceNumber
  }[]
  readonly kept: readonly {
    readonly state: KeptState
    readonly record: SnapshotRecord
    /** Of a snapshot; a stretch of the past has none. */
    readonly marks: SnapshotMarks | undefined
    /** Of a stretch of the past. */
    readonly from: SequenceNumber | undefined
    readonly views: ReadonlyMap<CollectionId, View> | undefined
  }[]
  readonly horizon: SequenceNumber
  readonly timeline: { readonly changeCount: number; readonly bytes: Uint8Array | undefined }
  readonly documents: Catalog['documents']
  readonly aliases: Readonly<Record<string, string>>
}

export class Checkpointer {
  readonly #options: CheckpointerOptions
  #manifests = new Map<CollectionId, CommittedManifest>()
  #generation: Generation
  #seq: SequenceNumber
  /** What sealed snapshots reach, by snapshot id, as far as it has been needed. */
  readonly #snapshotKeys = new Map<string, readonly string[]>()
  readonly #snapshotTexts = new WeakMap<
    KeptState,
    { readonly shown: CatalogSnapshot; readonly text: RawJson }
  >()
  #timeline: { readonly changeCount: number; readonly file: ManifestFile } | undefined
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

  recoveredKept(kept: ReadonlyMap<string, readonly SealedRef[]>, timeline: ManifestFile | null): void {
    this.#committedSnapshots = kept
    if (timeline !== null)
      this.#timeline = { changeCount: this.#options.catalog.timeline.changeCount, file: timeline }
  }

  /** Every object that the newest catalog reaches, itself included. @throws manifest-corrupt if a snapshot's files cannot be read */
  async committedKeys(): Promise<string[]> {
    const keys = [
      catalogKey(this.#generation),
      ...[...this.#manifests.values()].flatMap((manifest) => manifest.keys),
      ...(this.#timeline === undefined ? [] : [this.#timeline.file.key]),
    ]
    for (const [id, refs] of this.#committedSnapshots) keys.push(...(await this.#keysOfSnapshot(id, refs)))
    return keys
  }

  async #keysOfSnapshot(id: string, refs: readonly SealedRef[]): Promise<readonly string[]> {
    let keys = this.#snapshotKeys.get(id)
    if (keys === undefined) {
      const contents = await allEnded(refs.map((ref) => readSealed(this.#options.store, ref)))
      keys = contents.flatMap((content) => content.keys)
      this.#snapshotKeys.set(id, keys)
    }
    return keys
  }

  /** Writes what was captured and publishes it. */
  async run(capture: Capture): Promise<void> {
    try {
      await this.#write(capture)
    } finally {
      for (const { view } of capture.collections) view?.release()
      for (const { views } of capture.kept) for (const view of views?.values() ?? []) view.release()
    }
  }

  /** Writes the views' segments and deletions without publishing anything. Their memtables must be frozen. */
  async writeViews(views: readonly View[]): Promise<void> {
    await this.#writeSegments(views)
    await this.#writeDeletions(views)
  }

  /**
   * In one tick: freezes the memtables and takes everything by reference, as of `seq`, which must be the last record
   * applied, and all of it. `run` releases it.
   */
  capture(seq: SequenceNumber): Capture {
    const { catalog } = this.#options
    const collections = [...catalog.collections.values()].map((state) => {
      const isUnchanged = this.#manifests.get(state.id)?.changeCount === state.changeCount
      if (!isUnchanged) state.freeze()
      const { name, changeCount, validFrom } = state
      return { state, name, view: isUnchanged ? undefined : state.view(seq), changeCount, validFrom }
    })
    const kept = [...catalog.kept()].map((state) => ({
      state,
      record: state.record,
      marks: (state as Partial<SnapshotState>).marks,
      from: (state as Partial<HistoryState>).from,
      views: copyViews(state.views),
    }))
    const { horizon, timeline, aliases } = catalog
    return {
      seq,
      collections,
      kept,
      horizon,
      timeline: {
        changeCount: timeline.changeCount,
        bytes:
          timeline.size === 0 || timeline.changeCount === this.#timeline?.changeCount
            ? undefined
            : timeline.encode(),
      },
      documents: Object.fromEntries(
        [...catalog.documents].map(([kind, named]) => [kind, Object.fromEntries(named)]),
      ),
      aliases: Object.fromEntries(aliases),
    }
  }

  async #write(capture: Capture): Promise<void> {
    const views = [
      ...capture.collections.flatMap(({ view }) => view ?? []),
      ...capture.kept.flatMap(({ views: own }) => [...(own?.values() ?? [])]),
    ]
    await this.#writeSegments(views)
    await this.#writeDeletions(views)
    const sealed = await this.#sealKept(capture)
    const timeline = await this.#writeTimeline(capture)
    const generation = generationOf(this.#generation + 1)
    const manifests = await this.#writeManifests(capture, generation)
    await publishCatalog(
      this.#options.store,
      this.#catalogOf(capture, generation, manifests, sealed, timeline),
    )
    // Committed from here: the catalog names the manifests, and the log up to seq is no longer needed.
    this.#generation = generation
    this.#seq = capture.seq
    this.#manifests = manifests
    if (timeline !== null) this.#timeline = { changeCount: capture.timeline.changeCount, file: timeline }
    for (const { state } of capture.kept) releaseSealed(state, sealed.get(state))
    this.#committedSnapshots = new Map(
      capture.kept.map(({ state }) => [state.record.id, state.sealed ?? sealed.get(state) ?? []]),
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
      await writeRows(this.#options, handle, view.config)
    }
  }

  async #writeDeletions(views: readonly View[]): Promise<void> {
    const { store, random, verified } = this.#options
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
      const file = await writeDelta(store, handle.id, deletions.owner, pairs, random)
      deletions.persisted(count, file)
      await verified.written(segmentKey(handle.id, file.name), file)
    }
  }

  async #sealKept(capture: Capture): Promise<Map<KeptState, readonly SealedRef[]>> {
    const sealed = new Map<KeptState, readonly SealedRef[]>()
    const pending = capture.kept.filter(
      ({ state, views }) => state.sealed === undefined && views !== undefined,
    )
    // Some at a time: each is two files that must be on the disk. All end before a failure is told: the views are released then.
    for (let i = 0; i < pending.length; i += sealedAtOnce) {
      await allEnded(
        pending.slice(i, i + sealedAtOnce).map(async ({ state, record, views }) => {
          sealed.set(state, await this.#seal(record, views!))
        }),
      )
    }
    return sealed
  }

  async #seal(record: SnapshotRecord, views: ReadonlyMap<CollectionId, View>): Promise<readonly SealedRef[]> {
    const refs: SealedRef[] = []
    const keys: string[] = []
    for (const { collection, name } of record.collections) {
      const source = { collection, name, view: views.get(collection)! }
      const result = await sealView(this.#options.store, this.#options.random, record, source)
      refs.push(result.ref)
      keys.push(...result.keys)
    }
    this.#snapshotKeys.set(record.id, keys)
    return refs
  }

  async #writeTimeline({ timeline }: Capture): Promise<ManifestFile | null> {
    if (timeline.bytes === undefined) return this.#timeline?.file ?? null
    const key = `${historyPrefix}timeline-${this.#options.random.uuid()}.bin`
    await this.#options.store.put(key, timeline.bytes, { ifAbsent: true })
    return { key, sha256: sha256(timeline.bytes) }
  }

  async #writeManifests(
    capture: Capture,
    generation: Generation,
  ): Promise<Map<CollectionId, CommittedManifest>> {
    const manifests = new Map<CollectionId, CommittedManifest>()
    for (const { state, name, view, changeCount } of capture.collections) {
      if (view === undefined) {
        manifests.set(state.id, this.#manifests.get(state.id)!)
        continue
      }
      const stored = storedView(state.id, view)
      const unique = this.#options.random.uuid().slice(0, 8)
      const content = { ...stored, name, pointCount: view.pointCount() }
      const file = await writeManifest(this.#options.store, content, generation, unique)
      manifests.set(state.id, { file, changeCount, keys: [file.key, ...keysOfStoredView(stored)] })
    }
    return manifests
  }

  /** A snapshot as the catalog shows it. With thousands of them, only those that changed are written out anew. */
  #snapshotText(state: KeptState, shown: CatalogSnapshot): RawJson {
    const known = this.#snapshotTexts.get(state)
    if (known !== undefined && isSame(known.shown, shown)) return known.text
    const text = new RawJson(stringifyJson(shown as unknown as JsonValue))
    this.#snapshotTexts.set(state, { shown, text })
    return text
  }

  #catalogOf(
    capture: Capture,
    generation: Generation,
    manifests: ReadonlyMap<CollectionId, CommittedManifest>,
    sealed: ReadonlyMap<KeptState, readonly SealedRef[]>,
    timeline: ManifestFile | null,
  ): CatalogText {
    const sealedOf = (state: KeptState): readonly SealedRef[] => state.sealed ?? sealed.get(state) ?? []
    return {
      database: this.#options.database,
      generation,
      appliedSeq: capture.seq,
      collections: capture.collections.map(({ state, name, validFrom }) => ({
        id: state.id,
        name,
        validFrom,
        ...manifests.get(state.id)!.file,
      })),
      aliases: capture.aliases,
      snapshots: capture.kept.flatMap(({ state, record, marks }) =>
        marks === undefined ? [] : this.#snapshotText(state, { ...record, marks, sealed: sealedOf(state) }),
      ),
      history: capture.kept.flatMap(({ state, record, from }) =>
        from === undefined ? [] : { snapshot: record, from, sealed: sealedOf(state) },
      ),
      horizon: capture.horizon,
      timeline,
      documents: capture.documents,
    }
  }
}

/** True if two documents have the same members, by identity. */
function isSame(a: CatalogSnapshot, b: CatalogSnapshot): boolean {
  return (Object.keys(b) as (keyof CatalogSnapshot)[]).every((key) => a[key] === b[key])
}

function copyViews(
  views: ReadonlyMap<CollectionId, View> | undefined,
): ReadonlyMap<CollectionId, View> | undefined {
  if (views === undefined) return undefined
  return new Map([...views].map(([id, view]) => [id, view.copy()]))
}

function releaseSealed(state: KeptState, refs: readonly SealedRef[] | undefined): void {
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
