import type { Snapshot } from '../../../index.ts'
import type { MilvusDoor } from '../door.ts'
import { MilvusError, codes } from '../status.ts'
import { isOwn } from './create-snapshot.ts'
import { deleteSnapshot } from './delete-snapshot.ts'
import { snapshotsOf } from './find-snapshot.ts'
import { cancelRestoresInto } from './jobs/job-holds.ts'

// A collection that is dropped through this door takes the snapshots with it that were made through this door; those that
// are pinned go when they are free. What is to go is written down before the collection goes. Otherwise: the collection
// is dropped; the process ends; its snapshots stay for ever, and nobody can name them any more.

const prefix = 'milvus/dropped/'
const sweeping = 'snapshots/dropped'

/**
 * Drops a collection (a name of the engine, no alias) with its snapshots. A restore into it is cancelled. To be called in
 * the collection's sequence.
 */
export async function dropWithSnapshots(door: MilvusDoor, name: string): Promise<void> {
  await cancelRestoresInto(door, name)
  const collection = door.database.findCollection(name)
  if (collection?.name !== name) return
  const own = snapshotsOf(door, collection.id).filter(isOwn)
  if (own.length > 0) await door.database.documents.put(prefix + collection.id, { name })
  await door.database.dropCollection(name)
  if (own.length > 0) await sweepDropped(door)
}

/** Deletes the snapshots of dropped collections that nothing keeps any more. */
export async function sweepDropped(door: MilvusDoor): Promise<void> {
  if (door.database.documents.list(prefix).length === 0) return
  await door.sequences.run(sweeping, async () => {
    const present = new Set(door.database.listCollections().map(({ id }) => id))
    for (const [document] of door.database.documents.list(prefix)) {
      const id = document.slice(prefix.length)
      if (present.has(id)) continue
      const own = snapshotsOf(door, id).filter(isOwn)
      const kept = []
      for (const snapshot of own) if (!(await isDeleted(door, snapshot))) kept.push(snapshot)
      if (kept.length === 0) await door.database.documents.delete(document)
    }
  })
}

/** Takes back what a crash has left of drops that did not come to pass. */
export async function forgetUndropped(door: MilvusDoor): Promise<void> {
  for (const [document, value] of door.database.documents.list(prefix)) {
    const { name } = value as { readonly name: string }
    // In its sequence: a drop that is under way wrote its own, and will need it.
    await door.sequences.run(name, async () => {
      const id = document.slice(prefix.length)
      if (door.database.listCollections().some((one) => one.id === id))
        await door.database.documents.delete(document)
    })
  }
}

async function isDeleted(door: MilvusDoor, snapshot: Snapshot): Promise<boolean> {
  try {
    await deleteSnapshot(door, snapshot)
    return true
  } catch (error) {
    if (error instanceof MilvusError && error.code === codes.snapshotPinned) return false
    throw error
  }
}
