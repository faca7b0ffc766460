import {
  hasPartitionKey,
  checkPartitionsExist,
  defaultPartition,
  partitionId,
  partitionsOf,
} from '../collections/partition-list.ts'
import { isPartitionLoaded, loadStateOf, saveLoadState, type LoadState } from '../collections/load-state.ts'
import {
  collectionAsked,
  type NamedCollection,
  type NumberedCollection,
} from '../collections/describe-collection.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../door.ts'
import { millisecondsOf } from '../hybrid-clock.ts'
import type { Handlers } from '../rpcs/handler.ts'
import { modelOf } from '../schema/collection-model.ts'
import { exclusively } from '../schema/own-document.ts'
import { codes, invalidParameter, MilvusError } from '../status.ts'
import { checkPartitionName } from './partition-names.ts'

export const partitionRpcs: Handlers = {
  CreatePartition: createPartition,
  DropPartition: dropPartition,
  HasPartition: hasPartition,
  ShowPartitions: showPartitions,
}

/** The default one counts. */
const partitionsMax = 1_024

interface PartitionRequest extends NamedCollection {
  readonly partition_name: string
}

/** One that is there already is a success. @throws 100, 800, 1100, 65535 */
async function createPartition(door: MilvusDoor, request: PartitionRequest, call: Call): Promise<object> {
  const { partition_name: name, collection_name: collectionName } = request
  const database = databaseOf(call, request.db_name)
  await exclusively(door, database, collectionName, async (collection) => {
    checkPartitionName(name)
    if (hasPartitionKey(collection)) throw refused('disable create partition if partition key mode is used')
    const partitions = partitionsOf(collection)
    if (partitions.includes(name)) return
    if (partitions.length >= partitionsMax)
      throw invalidParameter(
        `partition number (${partitions.length}) exceeds max configuration (${partitionsMax}), collection: ${collectionName}`,
      )
    await collection.createPartition(name)
  })
  return {}
}

/** Its points go with it. One that is not there is dropped already. @throws 100, 800, 65535 */
async function dropPartition(door: MilvusDoor, request: PartitionRequest, call: Call): Promise<object> {
  const { partition_name: name, collection_name: collectionName } = request
  const database = databaseOf(call, request.db_name)
  await exclusively(door, database, collectionName, async (collection) => {
    checkPartitionName(name)
    if (hasPartitionKey(collection)) throw refused('disable drop partition if partition key mode is used')
    if (!partitionsOf(collection).includes(name)) return
    const { isForeign } = modelOf(collection)
    if (!isForeign && isPartitionLoaded(door, collection, name))
      throw refused('partition cannot be dropped, partition is loaded, please release it first')
    if (name === defaultPartition) throw refused('default partition cannot be deleted')
    await collection.dropPartition(name)
    const state = loadStateOf(door, collection)
    // A partition that gets this name later is one of its own.
    if (!isForeign && state?.released?.includes(name) === true)
      await saveLoadState(door, collection, withoutReleased(state, name))
  })
  return {}
}

const withoutReleased = (state: LoadState, name: string): LoadState => ({
  ...state,
  released: state.released!.filter((one) => one !== name),
})

function hasPartition(door: MilvusDoor, request: PartitionRequest, call: Call): object {
  checkPartitionName(request.partition_name)
  const collection = getCollection(door, databaseOf(call, request.db_name), request.collection_name)
  return { value: partitionsOf(collection).includes(request.partition_name) }
}

interface ShowPartitionsRequest extends NumberedCollection {
  readonly partition_names: readonly string[]
  /** 1: those that are loaded. */
  readonly type: number
}

/** The engine does not know when a partition was made: each shows the collection's time. @throws 100, 200, 800 */
function showPartitions(door: MilvusDoor, request: ShowPartitionsRequest, call: Call): object {
  const database = databaseOf(call, request.db_name)
  const { partition_names: named, type } = request
  const collection = collectionAsked(door, database, request)
  checkPartitionsExist(collection, named)
  const all = named.length > 0 ? named : partitionsOf(collection)
  const isShownLoaded = (one: string): boolean => isPartitionLoaded(door, collection, one)
  const shown = type === 1 ? all.filter(isShownLoaded) : all
  const created = BigInt(modelOf(collection).document.createdAt)
  return {
    partition_names: shown,
    partitionIDs: shown.map((one) => partitionId(collection, one)),
    created_timestamps: shown.map(() => created),
    created_utc_timestamps: shown.map(() => millisecondsOf(created)),
    inMemory_percentages: shown.map((one) => (isShownLoaded(one) ? 100n : 0n)),
  }
}

const refused = (text: string): MilvusError => new MilvusError(codes.unexpected, text)
