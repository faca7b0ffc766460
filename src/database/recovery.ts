import { CollectionState, fullConfig, type StateServices } from '../collection/collection-state.ts'
import { openView, type StoredView } from '../collection/open-view.ts'
import type { SegmentRegistry } from '../collection/segment-handle.ts'
import type { CollectionConfig } from '../collection/types.ts'
import type { FullConfig, View } from '../collection/view.ts'
import { DatabaseError, isDatabaseError } from '../errors/database-error.ts'
import { collectionIdOf, seqOf, type CollectionId, type SequenceNumber } from '../ids/brands.ts'
import type { Log } from '../log/log.ts'
import type { JsonValue } from '../encoding/json.ts'
import type { Catalog, CollectionManifest, DocumentKind, ManifestFile } from '../manifest/format.ts'
import { readManifest } from '../manifest/reader.ts'
import { sha256 } from '../manifest/writer.ts'
import type { Logger } from '../runtime/logger.ts'
import { parseSegmentInfo } from '../segment/format.ts'
import { readSealed } from '../snapshot/seal.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { applyRecord } from './apply/apply-record.ts'
import { applyInSlices, slicedRecord } from './apply/sliced-record.ts'
import { checkImport } from './apply/import.ts'
import type { Prepared } from './apply/restored.ts'
import type { CatalogState, KeptState } from './catalog-state.ts'
import type { CollectionLoader } from './loading/collection-loader.ts'
import { loadedFor } from './loading/needed-rows.ts'
import { findMoment, isKept, viewOfMoment } from './history.ts'
import { decodeRecord, type DatabaseRecord, type RecordOf, type RestoreSource } from './records.ts'
import { openStaged } from './staged.ts'
import { Timeline } from './timeline.ts'

export interface RecoveryParts {
  readonly store: ObjectStore
  readonly catalog: CatalogState
  readonly registry: SegmentRegistry
  readonly services: StateServices
  readonly loader: CollectionLoader
  readonly logger: Logger
  /** As those of the engine. */
  readonly sliceBytes: number
  readonly pause: () => Promise<void>
}

export interface RecoveredManifest {
  readonly state: CollectionState
  readonly file: ManifestFile
  readonly stored: StoredView
}

/** Fills the catalog with what the newest checkpoint holds; the rows come with the loader. @throws manifest-corrupt */
export async function recoverCheckpoint(
  parts: RecoveryParts,
  checkpoint: Catalog,
): Promise<readonly RecoveredManifest[]> {
  const recovered: RecoveredManifest[] = []
  for (const { id, key, sha256, validFrom } of checkpoint.collections) {
    const file = { key, sha256 }
    const manifest = await readManifest(parts.store, file)
    const stored = storedOf(manifest)
    const state = new CollectionState(id, manifest.name, stored.config, parts.services, validFrom)
    // Known before it is filled: whoever gives up half way finds it there and lets it go.
    parts.catalog.addCollection(state)
    parts.loader.add(state, stored, manifest.pointCount)
    recovered.push({ state, file, stored })
  }
  for (const [alias, name] of Object.entries(checkpoint.aliases)) parts.catalog.aliases.set(alias, name)
  for (const { sealed, marks, ...record } of checkpoint.snapshots) {
    parts.catalog.addSnapshot({ record, views: undefined, sealed, marks })
  }
  for (const { from, snapshot, sealed } of checkpoint.history) {
    parts.catalog.addHistory({ from, record: snapshot, views: undefined, sealed })
  }
  parts.catalog.horizon = checkpoint.horizon
  if (checkpoint.timeline !== null)
    parts.catalog.timeline = await readTimeline(parts.store, checkpoint.timeline)
  for (const [kind, documents] of Object.entries(checkpoint.documents)) {
    for (const [name, value] of Object.entries(documents))
      parts.catalog.setDocument(kind as DocumentKind, name, value as JsonValue)
  }
  return recovered
}

async function readTimeline(store: ObjectStore, { key, sha256: expected }: ManifestFile): Promise<Timeline> {
  const bytes = await store.get(key)
  if (sha256(bytes) !== expected)
    throw new DatabaseError(
      'manifest-corrupt',
      `Cannot read ${key}: its checksum is not the one in the catalog`,
      {
        key,
      },
    )
  return Timeline.decode(bytes, key)
}

export interface Replayed {
  /** Number of the last record. */
  readonly seq: SequenceNumber
  /** Imports among the records: their segments are needed until the next checkpoint. */
  readonly imports: readonly { readonly record: DatabaseRecord; readonly seq: SequenceNumber }[]
}

/** Applies the records behind the checkpoint. @throws log-corrupt and what opening a segment throws */
export async function replayLog(
  parts: RecoveryParts,
  log: Log,
  checkpointSeq: SequenceNumber,
): Promise<Replayed> {
  const imports: { record: DatabaseRecord; seq: SequenceNumber }[] = []
  let last = checkpointSeq
  for await (const { seq, type, body } of log.replay(seqOf(checkpointSeq + 1))) {
    const record = decodeRecord(type, body)
    // A record that finds damage is not one that was refused: then the start fails.
    await loadedFor(record, parts.loader, parts.catalog)
    const prepared = await prepareRecord(parts, record, last)
    try {
      const sliced = slicedRecord(parts.catalog, record, seq, parts.sliceBytes)
      if (sliced === undefined) applyRecord(parts.catalog, parts.services, record, seq, prepared)
      else await applyInSlices(sliced, parts.pause, () => undefined)
      if (record.type === 'import') imports.push({ record, seq })
    } catch (error) {
      // The record's outcome was this error the first time, too: its caller got it, and nothing was changed.
      if (!(error instanceof DatabaseError)) throw error
      parts.logger.debug('replayed a record that was refused', { seq, code: error.code })
    } finally {
      for (const view of prepared.values()) view.release()
    }
    last = seq
  }
  return { seq: last, imports }
}

/** Opens the views that a record restores. A snapshot that is gone by now makes the record fail, as it did before. */
async function prepareRecord(
  parts: RecoveryParts,
  record: DatabaseRecord,
  lastSeq: SequenceNumber,
): Promise<Prepared> {
  const views = new Map<string, View>()
  try {
    await openPrepared(parts, record, lastSeq, views)
    return views
  } catch (error) {
    for (const view of views.values()) view.release()
    throw error
  }
}

async function openPrepared(
  parts: RecoveryParts,
  record: DatabaseRecord,
  lastSeq: SequenceNumber,
  views: Map<string, View>,
): Promise<void> {
  if (record.type === 'restore') {
    for (const { source } of record.collections) {
      if (views.has(source)) continue
      const view = await openSourceView(parts, record.source, collectionIdOf(source), lastSeq)
      if (view !== undefined) views.set(source, view)
    }
  }
  // The segments of an import that was refused are gone.
  if (record.type === 'import' && isImportable(parts.catalog, record)) {
    for (const staged of record.collections) {
      views.set(staged.id, await openStaged(parts, staged))
    }
  }
}

function isImportable(catalog: CatalogState, record: RecordOf<'import'>): boolean {
  try {
    checkImport(catalog, record)
    return true
  } catch (error) {
    if (error instanceof DatabaseError) return false
    throw error
  }
}

/** What a restore reads. Undefined if it is gone by now: then the record fails, as it did before. */
async function openSourceView(
  parts: RecoveryParts,
  source: RestoreSource,
  collection: CollectionId,
  lastSeq: SequenceNumber,
): Promise<View | undefined> {
  if ('snapshot' in source) {
    const snapshot = parts.catalog.snapshots.get(source.snapshot as never)
    return snapshot === undefined ? undefined : openKeptView(parts, snapshot, collection)
  }
  if ('live' in source || !isKept(parts.catalog, seqOf(source.seq), lastSeq)) return undefined
  return openMomentView(parts, collection, collection, seqOf(source.seq), lastSeq)
}

/**
 * A collection as it was at a moment; the caller releases it. `lastSeq` is the last record applied.
 * @throws moment-not-kept, collection-not-found, and what opening a segment throws
 */
export async function openMomentView(
  parts: Pick<RecoveryParts, 'store' | 'registry' | 'catalog'>,
  collection: CollectionId,
  name: string,
  seq: SequenceNumber,
  lastSeq: SequenceNumber,
): Promise<View> {
  const moment = findMoment(parts.catalog, collection, name, seq, lastSeq)
  const stretch =
    'live' in moment ? moment.live.view(lastSeq) : await openKeptView(parts, moment.kept, collection)
  try {
    return viewOfMoment(stretch, seq)
  } finally {
    stretch.release()
  }
}

/**
 * A snapshot's collection as a view; the caller releases it.
 * @throws collection-not-found if the snapshot does not hold it; snapshot-not-found or moment-not-kept if it is let go
 * while it is opened
 */
export async function openKeptView(
  parts: Pick<RecoveryParts, 'store' | 'registry' | 'catalog'>,
  snapshot: KeptState,
  collection: CollectionId,
): Promise<View> {
  const live = snapshot.views?.get(collection)
  if (live !== undefined) return live.copy()
  return readKept(parts, snapshot, collection, (stored) => openView(parts.store, parts.registry, stored))
}

/** How a snapshot's collection is configured; reads its metadata at most. @throws as openKeptView */
export async function keptConfig(
  parts: Pick<RecoveryParts, 'store' | 'catalog'>,
  snapshot: KeptState,
  collection: CollectionId,
): Promise<FullConfig> {
  const live = snapshot.views?.get(collection)
  return live?.config ?? readKept(parts, snapshot, collection, ({ config }) => Promise.resolve(config))
}

async function readKept<T>(
  parts: Pick<RecoveryParts, 'store' | 'catalog'>,
  snapshot: KeptState,
  collection: CollectionId,
  read: (stored: StoredView) => Promise<T>,
): Promise<T> {
  const ref = snapshot.sealed?.find((sealed) => sealed.collection === collection)
  if (ref === undefined) {
    const text = `Cannot read snapshot "${snapshot.record.name}": it does not hold collection ${collection}`
    throw new DatabaseError('collection-not-found', text, { collection })
  }
  try {
    return await read((await readSealed(parts.store, ref)).stored)
  } catch (error) {
    // It was let go, and garbage collection has taken what was not yet read: no data is missing.
    if (isDatabaseError(error, 'object-not-found') && !parts.catalog.keeps(snapshot))
      throw letGo(snapshot, error)
    throw error
  }
}

function letGo(kept: KeptState, cause: unknown): DatabaseError {
  const { name } = kept.record
  return 'from' in kept
    ? new DatabaseError('moment-not-kept', `Cannot read ${name}: the history was let go`, { name }, cause)
    : new DatabaseError(
        'snapshot-not-found',
        `Cannot read snapshot "${name}": it was deleted`,
        { name },
        cause,
      )
}

function storedOf(manifest: CollectionManifest): StoredView {
  return {
    collection: manifest.collection,
    seq: manifest.seq,
    config: fullConfig(manifest.config as CollectionConfig),
    shards: manifest.shards,
    segments: manifest.segments.map((info) => parseSegmentInfo(info)),
  }
}
