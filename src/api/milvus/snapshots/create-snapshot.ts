import { isDatabaseError } from '../../../index.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../door.ts'
import { invalidParameter } from '../status.ts'
import type { NamedSnapshot } from './find-snapshot.ts'
import { labelsOf } from './own-labels.ts'
import { checkSnapshotName, collectionRequired, givenName } from './snapshot-names.ts'

export interface CreateSnapshotRequest extends NamedSnapshot {
  readonly description: string
  readonly compaction_protection_seconds: bigint
}

const protectionSecondsMax = 604_800n

/** Holds every write that was acknowledged before the call, flushed or not. @throws 1100, 1101, 100, 800 */
export async function createSnapshot(
  door: MilvusDoor,
  request: CreateSnapshotRequest,
  call: Call,
): Promise<object> {
  const name = givenName(request.name)
  checkSnapshotName(name)
  checkProtection(request.compaction_protection_seconds)
  if (request.collection_name === '') throw collectionRequired('create snapshot')
  const database = databaseOf(call, request.db_name)
  const find = () => getCollection(door, database, request.collection_name)
  await door.sequences.run(find().name, async () => {
    // Looked up again: it may have been dropped, or the alias moved, while this call waited for its turn.
    const collection = find()
    try {
      await collection.createSnapshot({
        name,
        description: request.description,
        labels: labelsFor(door, request),
      })
    } catch (error) {
      if (isDatabaseError(error, 'snapshot-exists'))
        throw invalidParameter(`snapshot name ${name} already exists`)
      throw error
    }
  })
  return {}
}

function checkProtection(seconds: bigint): void {
  if (seconds < 0n) throw invalidParameter('compaction_protection_seconds must be non-negative')
  if (seconds > protectionSecondsMax)
    throw invalidParameter(`compaction_protection_seconds must not exceed ${protectionSecondsMax}`)
}

/** The segments of a snapshot never change here, so that there is nothing to protect; what was asked for is kept. */
function labelsFor(door: MilvusDoor, { compaction_protection_seconds: seconds }: CreateSnapshotRequest) {
  const until = seconds > 0n ? Math.floor(door.clock.now() / 1000) + Number(seconds) : undefined
  return labelsOf(door.timestamps.next(), until)
}
