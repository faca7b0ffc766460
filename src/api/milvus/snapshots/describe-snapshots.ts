import { isDatabaseError, type CollectionConfig, type Snapshot } from '../../../index.ts'
import { shownPartitions } from '../collections/partition-list.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../door.ts'
import { documentIn } from '../schema/document.ts'
import { sweepDropped } from './dropped-collections.ts'
import { collectionOf, getSnapshot, onSnapshot, snapshotsIn, type NamedSnapshot } from './find-snapshot.ts'
import { createdAt } from './own-labels.ts'

export interface ListSnapshotsRequest {
  readonly db_name: string
  readonly collection_name: string
}

/** Names. Without a collection: those of the database. @throws 100, 800 */
export async function listSnapshots(
  door: MilvusDoor,
  request: ListSnapshotsRequest,
  call: Call,
): Promise<object> {
  await sweepDropped(door)
  const database = databaseOf(call, request.db_name)
  const found =
    request.collection_name === ''
      ? snapshotsIn(door, database)
      : getCollection(door, database, request.collection_name).listSnapshots()
  return { snapshots: found.map(({ name }) => name) }
}

/** @throws 2600, 1100, 1101, 100, 800 */
export async function describeSnapshot(
  door: MilvusDoor,
  request: NamedSnapshot,
  call: Call,
): Promise<object> {
  const snapshot = getSnapshot(door, request, call, 'describe snapshot')
  return onSnapshot(snapshot, async () => ({
    name: snapshot.name,
    description: snapshot.info().description,
    collection_name: collectionOf(door, snapshot).name,
    partition_names: partitionNamesOf(await snapshot.config()),
    create_ts: createdAt(snapshot),
    s3_location: await locationOf(door, snapshot),
  }))
}

/** As they were then. */
const partitionNamesOf = (config: CollectionConfig): readonly string[] =>
  shownPartitions(config, documentIn(config.settings)?.keyPartitions ?? 0)

/** The key of its metadata document in the store, written now if it is not there yet. */
async function locationOf(door: MilvusDoor, snapshot: Snapshot): Promise<string> {
  try {
    await snapshot.seal()
  } catch (error) {
    if (!isDatabaseError(error) || error.kind !== 'unavailable') throw error
    // The disk is full, say: everything else can still be told, and must be, for whoever decides what may go.
    door.logger.error('cannot write the files of a snapshot', { snapshot: snapshot.id, error })
  }
  return snapshot.metadataFiles()[0] ?? ''
}
