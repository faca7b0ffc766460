import { checkMembers, type Members } from '../../errors/known-members.ts'
import type { View } from '../../collection/view.ts'
import { snapshotIdOf, type CollectionId } from '../../ids/brands.ts'
import type { SnapshotRecord } from '../../manifest/format.ts'
import type { SealedContent } from '../../snapshot/seal.ts'
import { openArchive, type Archive, type ArchiveOptions } from '../../snapshot/snapshot-archive.ts'
import { knownFilesByContent, type KnownContent } from '../archives/archive-snapshot.ts'
import { storedView } from '../checkpointer.ts'
import type { Engine } from '../engine.ts'
import { segmentsOfShard, type ShardSegment } from './shard-files.ts'

export interface ShardArchiveOptions extends ArchiveOptions {
  /** What the archive calls the moment. Default: `shard-<n>-<time>`. */
  readonly name?: string
  /** Contents that the reader has already: files with them are left out, and the archive is an incremental one. */
  readonly known?: readonly KnownContent[]
}

const ofArchive: Members<ShardArchiveOptions> = { encrypt: true, sign: true, name: true, known: true }

/** A shard as it is now, with what it is made of. Close the archive. */
export interface ShardArchive {
  readonly archive: Archive
  readonly segments: readonly ShardSegment[]
}

/**
 * A shard as it is now as an archive: no snapshot is made and nothing is logged, its rows are flushed at most.
 * @throws shard-not-found, collection-not-found, request-invalid
 */
export async function archiveShard(
  engine: Engine,
  collection: CollectionId,
  shard: number,
  archiveOptions: ShardArchiveOptions,
): Promise<ShardArchive> {
  checkMembers(archiveOptions, ofArchive, { cannot: 'Cannot archive the shard', of: 'the options' })
  const { name, known, ...options } = archiveOptions
  return withWrittenShard(engine, collection, shard, async (view) => {
    const { clock, random, store, pins, checkpointer } = engine.parts
    const createdAt = clock.now()
    const collectionName = engine.state(collection).name
    const record: SnapshotRecord = {
      id: snapshotIdOf(random.uuid()),
      name: name ?? `shard-${shard}-${new Date(createdAt).toISOString()}`,
      seq: view.seq,
      createdAt,
      scope: 'shard',
      shard,
      collections: [{ collection, name: collectionName }],
      aliases: {},
      labels: {},
      description: '',
      reason: 'archive',
    }
    const stored = storedView(collection, view)
    const sealed: SealedContent = {
      stored,
      name: collectionName,
      pointCount: view.pointCount(),
      record,
      keys: [],
    }
    const { database } = checkpointer
    const knownFiles = known === undefined ? undefined : knownFilesByContent(database, record, known)
    const archive = await openArchive({ store, pins, database }, record, [sealed], {
      ...options,
      known: knownFiles,
    })
    return { archive, segments: segmentsOfShard(view, stored, shard) }
  })
}

/** What a shard is made of now. @throws shard-not-found, collection-not-found */
export function shardSegments(
  engine: Engine,
  collection: CollectionId,
  shard: number,
): Promise<readonly ShardSegment[]> {
  return withWrittenShard(engine, collection, shard, (view) =>
    Promise.resolve(segmentsOfShard(view, storedView(collection, view), shard)),
  )
}

async function withWrittenShard<T>(
  engine: Engine,
  collection: CollectionId,
  shard: number,
  use: (view: View) => Promise<T>,
): Promise<T> {
  const { view, unpin } = await engine.writtenShard(collection, shard)
  try {
    return await use(view)
  } finally {
    view.release()
    unpin()
  }
}
