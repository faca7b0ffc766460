import type { Collection, CollectionConfig, JobContext, JsonObject, Snapshot } from '../../../../index.ts'
import type { MilvusDoor } from '../../door.ts'
import { documentIn, withDocument } from '../../schema/document.ts'
import { codes, MilvusError } from '../../status.ts'
import { snapshotMissing } from '../snapshot-names.ts'
import { receiptOf, receiptPrefix, restoreKind, type ArchivePlace, type RestoreInput } from './job-input.ts'

/**
 * The work of a restore: makes sure of every byte (a file that this process has hashed is read again only if somebody has
 * touched it since), opens and counts what it is to become, and then makes the target
 * known, whole, with one log record, which also puts the job's receipt. Whatever fails before leaves nothing.
 */
export async function runRestore(
  door: MilvusDoor,
  input: RestoreInput,
  context: JobContext,
  takesLong: () => void,
): Promise<{ readonly collection: string }> {
  const receipt = receiptOf(context)
  // Otherwise: the record is written; the client drops the target; the process ends before the job has its end; the job
  // goes on, finds no target, and makes it again.
  const before = door.database.documents.get(receipt)
  const id = before === undefined ? (await restore(door, input, context, takesLong)).id : (before as string)
  return { collection: id }
}

/**
 * Takes away receipts that a crash has left. Those of jobs that run are needed, and those of jobs that are said to have
 * failed: they tell that it is not so.
 */
export async function forgetReceipts(door: MilvusDoor): Promise<void> {
  const jobs = door.database.jobs.list({ kind: restoreKind }).filter(({ state }) => state !== 'completed')
  const needed = new Set(jobs.map(receiptOf))
  for (const [receipt] of door.database.documents.list(receiptPrefix))
    if (!needed.has(receipt)) await door.database.documents.delete(receipt)
}

async function restore(
  door: MilvusDoor,
  input: RestoreInput,
  context: JobContext,
  takesLong: () => void,
): Promise<Collection> {
  const { from } = input
  if ('archive' in from) {
    takesLong()
    return restoreArchive(door, input, from.archive, context)
  }
  const snapshot = door.database.findSnapshot(from.snapshot)
  if (snapshot === undefined) throw snapshotMissing(input.snapshotName, '')
  return restoreSnapshot(door, input, snapshot, context, takesLong)
}

async function restoreSnapshot(
  door: MilvusDoor,
  { target }: RestoreInput,
  snapshot: Snapshot,
  context: JobContext,
  takesLong: () => void,
): Promise<Collection> {
  const settings = settingsFrom(door, await snapshot.config())
  return door.database.restore(snapshot, {
    as: target,
    receipt: receiptOf(context),
    ...(settings === undefined ? {} : { settings }),
    verify: {
      trustUnchanged: true,
      signal: context.signal,
      onStart: ({ bytes }) => {
        if (bytes > 0) takesLong()
      },
      onProgress: ({ bytes, totalBytes }) => report(door, context, bytes, totalBytes),
    },
  })
}

async function restoreArchive(
  door: MilvusDoor,
  { target }: RestoreInput,
  place: ArchivePlace,
  context: JobContext,
): Promise<Collection> {
  const archive = await door.exports?.archives.find(place.directory, place.name)
  if (archive === undefined) throw archiveMissing(place)
  return door.database.restoreArchive(archive.stream(), {
    into: target,
    receipt: receiptOf(context),
    settings: (config) => settingsFrom(door, config),
    ...(archive.sha256 === undefined ? {} : { sha256: archive.sha256 }),
    signal: context.signal,
    onProgress: ({ bytes }) => report(door, context, bytes, archive.bytes),
  })
}

export const archiveMissing = ({ directory, name }: ArchivePlace): MilvusError => {
  const path = [directory, name].filter((part) => part !== '').join('/')
  return new MilvusError(codes.invalidParameter, `snapshot file not found[path=${path}]: invalid parameter`)
}

/** The document is the one that was kept, ids and all; only its times are new. Undefined: there is none. */
function settingsFrom(door: MilvusDoor, config: Pick<CollectionConfig, 'settings'>): JsonObject | undefined {
  const document = documentIn(config.settings)
  if (document === undefined) return undefined
  const now = String(door.timestamps.next())
  return withDocument(config.settings, { ...document, createdAt: now, updatedAt: now })
}

/** After a restart everything is read again: until it is as far as it was, the progress stands still. */
export function report(door: MilvusDoor, context: JobContext, bytes: number, total: number): void {
  const { done } = door.database.jobs.get(context.id)
  if (bytes >= done) context.progress(bytes, total, 'bytes')
}
