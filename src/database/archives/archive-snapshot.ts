import { DatabaseError } from '../../errors/database-error.ts'
import { checkMembers, type Members } from '../../errors/known-members.ts'
import type { SnapshotId } from '../../ids/brands.ts'
import { allEnded } from '../../runtime/all-ended.ts'
import type { SnapshotRecord } from '../../manifest/format.ts'
import { contentKey } from '../../snapshot/archive/format.ts'
import type { KnownFiles } from '../../snapshot/archive/manifest-writer.ts'
import { readSealed, type SealedContent } from '../../snapshot/seal.ts'
import {
  knownFilesOf,
  knownFilesOfManifest,
  openArchive,
  type Archive,
  type ArchiveOptions,
} from '../../snapshot/snapshot-archive.ts'
import { nameScopeOf, type SnapshotState } from '../catalog-state.ts'
import type { Engine } from '../engine.ts'

export interface SnapshotArchiveOptions extends ArchiveOptions {
  /**
   * Leaves out the files that the reader has already: those of a snapshot (its id, or the name of one of the same
   * collection or of the store), or those that the `manifest.json` of an archive names.
   */
  readonly since?: string | Uint8Array
}

const ofArchive: Members<SnapshotArchiveOptions> = { encrypt: true, sign: true, since: true }

/** A file by what is in it. */
export interface KnownContent {
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

/** What a reader has who listed it: the archive's base is its own snapshot then, as far as the reader has it. */
export function knownFilesByContent(
  database: string,
  { id, name }: SnapshotRecord,
  contents: readonly KnownContent[],
): KnownFiles {
  return { base: { database, snapshot: id, name }, contents: new Set(contents.map(contentKey)) }
}

/** The archive of a snapshot. Seals first. @throws snapshot-not-found, request-invalid, archive-invalid */
export async function archiveSnapshot(
  engine: Engine,
  id: string,
  archiveOptions: SnapshotArchiveOptions,
): Promise<Archive> {
  checkMembers(archiveOptions, ofArchive, { cannot: 'Cannot archive the snapshot', of: 'the options' })
  const { since, ...options } = archiveOptions
  const { catalog, store, pins, checkpointer } = engine.parts
  const { database } = checkpointer
  const known = since === undefined ? undefined : await knownFiles(engine, catalog.getSnapshot(id), since)
  const sealed = await readSnapshot(engine, catalog.getSnapshot(id))
  // Reading took time. Looked up again in the tick in which the archive pins its segments: a snapshot that was deleted
  // meanwhile may have lost its files, one that is still there cannot lose them any more.
  engine.checkOpen()
  const { record } = catalog.getSnapshot(id)
  return openArchive({ store, pins, database }, record, sealed, { ...options, known })
}

async function knownFiles(
  engine: Engine,
  of: SnapshotState,
  since: string | Uint8Array,
): Promise<KnownFiles> {
  if (typeof since !== 'string') return knownFilesOfManifest(since)
  const { catalog, checkpointer } = engine.parts
  const scope = nameScopeOf(of.record, of.record.collections[0]?.collection)
  const base = catalog.snapshots.get(since as SnapshotId) ?? catalog.snapshotNamed(scope, since)
  if (base === undefined) {
    const text = `Cannot make an archive since snapshot "${since}": it does not exist`
    throw new DatabaseError('snapshot-not-found', text, { snapshot: since })
  }
  return knownFilesOf(checkpointer.database, base.record, await readSnapshot(engine, base))
}

async function readSnapshot(engine: Engine, state: SnapshotState): Promise<SealedContent[]> {
  if (state.sealed === undefined) await engine.checkpoint()
  return allEnded((state.sealed ?? []).map((ref) => readSealed(engine.parts.store, ref)))
}
