import type { Snapshot } from '../../../index.ts'
import type { MilvusDoor } from '../door.ts'
import { MilvusError, codes } from '../status.ts'
import { deleteSnapshot } from './delete-snapshot.ts'
import { droppedCollections, forgetDropped, rememberDropped } from './dropped-documents.ts'
import { ownSnapshotsOf } from './find-snapshot.ts'
import { cancelRestoresInto } from './jobs/job-holds.ts'

// A collection that is dropped through this door takes the snapshots with it that were made through this door; those that
// are pinned go when they are free. What is to go is written down before the collection goes. Otherwise: the collection
// is dropped; the process ends; its snapshots stay for ever, and nobody can name them any more.

const sweeping = 'snapshots/dropped'

/**
 * Drops a collection (a name of the engine, no alias) with its snapshots. A restore into it is cancelled. To be called in
 * the collection's sequence.
 */
export async function dropWithSnapshots(door: MilvusDoor, name: string): Promise<void> {
  await cancelRestoresInto(door, name)
  const collection = door.database.findCollection(name)
  if (collection?.name !== name) return
  const hasSnapshots = collection.listSnapshots().length > 0
  if (hasSnapshots) await rememberDropped(door, { id: collection.id, name })
  await door.database.dropCollection(name)
  if (hasSnapshots) await sweepDropped(door)
}

/** Deletes the snapshots of dropped collections that nothing keeps any more. */
export async function sweepDropped(door: MilvusDoor): Promise<void> {
  if (droppedCollections(door).length === 0) return
  await door.sequences.run(sweeping, async () => {
    const present = new Set(door.database.listCollections().map(({ id }) => id))
    for (const { id } of droppedCollections(door)) {
      if (present.has(id)) continue
      const kept = []
      for (const snapshot of ownSnapshotsOf(door, id))
        if (!(await isDeleted(door, snapshot))) kept.push(snapshot)
      if (kept.length === 0) await forgetDropped(door, id)
    }
  })
}

/** Takes back what a crash has left of drops that did not come to pass. */
export async function forgetUndropped(door: MilvusDoor): Promise<void> {
  for (const { id, name } of droppedCollections(door)) {
    // In its sequence: a drop that is under way wrote its own, and will need it.
    await door.sequences.run(name, async () => {
      if (door.database.listCollections().some((one) => one.id === id)) await forgetDropped(door, id)
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
