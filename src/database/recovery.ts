import { CollectionState, fullConfig, type StateServices } from '../collection/collection-state.ts'
import { openView, type StoredView } from '../collection/open-view.ts'
import type { SegmentRegistry } from '../collection/segment-handle.ts'
import type { CollectionConfig } from '../collection/types.ts'
import { visibleCount, type View } from '../collection/view.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { collectionIdOf, seqOf, type CollectionId, type SequenceNumber } from '../ids/brands.ts'
import type { Log } from '../log/log.ts'
import type { Catalog, CollectionManifest, ManifestFile } from '../manifest/format.ts'
import { readManifest } from '../manifest/reader.ts'
import type { Logger } from '../runtime/logger.ts'
import { parseSegmentInfo } from '../segment/format.ts'
import { readSealed } from '../snapshot/seal.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { applyRecord, checkImport, type Prepared } from './apply.ts'
import type { CatalogState, SnapshotState } from './catalog-state.ts'
import { decodeRecord, type DatabaseRecord, type RecordOf } from './records.ts'

export interface RecoveryParts {
  readonly store: ObjectStore
  readonly catalog: CatalogState
  readonly registry: SegmentRegistry
  readonly services: StateServices
  readonly logger: Logger
}

export interface RecoveredManifest {
  readonly state: CollectionState
  readonly file: ManifestFile
  readonly stored: StoredView
}

/** Fills the catalog with what the newest checkpoint holds. @throws manifest-corrupt, segment-corrupt */
export async function recoverCheckpoint(
  parts: RecoveryParts,
  checkpoint: Catalog,
): Promise<readonly RecoveredManifest[]> {
  const recovered: RecoveredManifest[] = []
  for (const { id, key, sha256 } of checkpoint.collections) {
    const file = { key, sha256 }
    const manifest = await readManifest(parts.store, file)
    const stored = storedOf(manifest)
    const state = new CollectionState(id, manifest.name, stored.config, parts.services)
    await adoptStored(parts, state, stored, manifest.pointCount)
    parts.catalog.addCollection(state)
    recovered.push({ state, file, stored })
  }
  for (const [alias, name] of Object.entries(checkpoint.aliases)) parts.catalog.aliases.set(alias, name)
  for (const { sealed, ...record } of checkpoint.snapshots) {
    parts.catalog.addSnapshot({ record, views: undefined, sealed })
  }
  return recovered
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
    const prepared = await prepareRecord(parts, record)
    try {
      applyRecord(parts.catalog, parts.services, record, seq, prepared)
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
async function prepareRecord(parts: RecoveryParts, record: DatabaseRecord): Promise<Prepared> {
  const views = new Map<string, View>()
  if (record.type === 'clone' || record.type === 'rollback') {
    const snapshot = parts.catalog.snapshots.get(record.snapshot as never)
    if (snapshot !== undefined)
      views.set(record.source, await openSnapshotView(parts, snapshot, collectionIdOf(record.source)))
  }
  // The segments of an import that was refused are gone.
  if (record.type === 'import' && isImportable(parts.catalog, record)) {
    for (const staged of record.collections) {
      const stored = {
        collection: collectionIdOf(staged.id),
        seq: seqOf(0),
        config: fullConfig(staged.config),
        shards: staged.shards,
        segments: staged.segments,
      }
      views.set(staged.id, await openView(parts.store, parts.registry, stored))
    }
  }
  return views
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

/** A snapshot's collection as a view; the caller releases it. @throws collection-not-found if the snapshot does not hold it */
export async function openSnapshotView(
  parts: Pick<RecoveryParts, 'store' | 'registry'>,
  snapshot: SnapshotState,
  collection: CollectionId,
): Promise<View> {
  const live = snapshot.views?.get(collection)
  if (live !== undefined) return live.copy()
  const ref = snapshot.sealed?.find((sealed) => sealed.collection === collection)
  if (ref === undefined) {
    const text = `Cannot read snapshot "${snapshot.record.name}": it does not hold collection ${collection}`
    throw new DatabaseError('collection-not-found', text, { collection })
  }
  return openView(parts.store, parts.registry, (await readSealed(parts.store, ref)).stored)
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

async function adoptStored(
  parts: RecoveryParts,
  state: CollectionState,
  stored: StoredView,
  pointCount: number,
): Promise<void> {
  const view = await openView(parts.store, parts.registry, stored)
  try {
    view.shards.forEach((entries, index) => {
      for (const entry of entries) {
        entry.handle.retain()
        state.shards[index]!.adopt(
          entry.handle,
          entry.rowsUpTo,
          entry.foreign,
          entry.deletions,
          visibleCount(entry),
        )
      }
    })
  } finally {
    view.release()
  }
  if (state.pointCount !== pointCount) {
    const text = `Cannot open collection "${state.name}": it has ${state.pointCount} points, its manifest says ${pointCount}`
    throw new DatabaseError('manifest-corrupt', text, { collection: state.name })
  }
}
