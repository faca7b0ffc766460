import type { StoredView } from '../collection/open-view.ts'
import type { View } from '../collection/view.ts'
import type { CollectionId } from '../ids/brands.ts'
import type { ManifestFile, SealedRef, SnapshotRecord } from '../manifest/format.ts'
import type { Random } from '../runtime/random.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { readSnapshotMetadata } from './metadata/reader.ts'
import { writeSnapshotMetadata } from './metadata/writer.ts'
import { keysOfStoredView } from './stored-keys.ts'

/** What a sealed snapshot holds of one collection. */
export interface SealedContent {
  readonly stored: StoredView
  readonly name: string
  readonly pointCount: number
  /** The snapshot, as it was when its files were written. */
  readonly record: SnapshotRecord
  /** Every object that it reaches, its own files included. */
  readonly keys: readonly string[]
}

export interface SealSource {
  readonly collection: CollectionId
  readonly name: string
  readonly view: View
}

/** Writes what the snapshot holds of one collection; the view's segments and deletions must be written by now. */
export async function sealView(
  store: ObjectStore,
  random: Random,
  record: SnapshotRecord,
  { collection, name, view }: SealSource,
): Promise<{ readonly ref: SealedRef; readonly keys: readonly string[] }> {
  const segments = new Map([...view.entries()].map(({ handle }) => [handle.id, handle.info!]))
  const content = { shards: view.manifestShards(), segments: [...segments.values()] }
  const written = await writeSnapshotMetadata(
    store,
    {
      snapshot: record,
      collection: { id: collection, name, config: view.config, pointCount: view.pointCount() },
      ...content,
    },
    { random },
  )
  const keys = [written.metadataKey, ...written.manifestKeys, ...keysOfStoredView(content)]
  return { ref: { collection, key: written.metadataKey, sha256: written.sha256 }, keys }
}

/** @throws manifest-corrupt, version-unsupported, object-not-found */
export async function readSealed(store: Pick<ObjectStore, 'get'>, ref: ManifestFile): Promise<SealedContent> {
  const { snapshot, collection, shards, segments, manifestKeys } = await readSnapshotMetadata(store, ref)
  const stored = { collection: collection.id, seq: snapshot.seq, config: collection.config, shards, segments }
  return {
    stored,
    name: collection.name,
    pointCount: collection.pointCount,
    record: snapshot,
    keys: [ref.key, ...manifestKeys, ...keysOfStoredView(stored)],
  }
}
