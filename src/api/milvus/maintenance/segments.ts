import type { Collection, SegmentReport } from '../../../index.ts'
import { collectionAsked, type NumberedCollection } from '../collections/describe-collection.ts'
import { checkLoaded } from '../collections/load-state.ts'
import { defaultPartition, partitionId, partitionsOf } from '../collections/partition-list.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../door.ts'
import { numericId } from '../numeric-id.ts'
import { modelOf, vectorFieldsOf } from '../schema/collection-model.ts'

/** By the engine's id of the segment. */
export const segmentId = (id: string): bigint => numericId('segment', id)

/** There is one node, this server. */
const nodeId = 1n
const states = { growing: 2, flushed: 4 } as const
const legacyLevel = 0

interface SegmentsRequest {
  readonly dbName: string
  readonly collectionName: string
}

/** @throws 100, 800 */
export function getPersistentSegmentInfo(
  door: MilvusDoor,
  request: SegmentsRequest & { readonly states: readonly number[] },
  call: Call,
): object {
  const collection = getCollection(door, databaseOf(call, request.dbName), request.collectionName)
  const infos = collection.segmentReports().map((segment) => ({
    ...basicsOf(collection, segment),
    is_sorted: false,
    storage_version: 0n,
    insert_channel: `stillpoint-${segment.shard % collection.config().shardNumber}-${collection.id}v0`,
  }))
  const { states: asked } = request
  return { infos: asked.length === 0 ? infos : infos.filter(({ state }) => asked.includes(state)) }
}

/** @throws 100, 101, 800 */
export function getQuerySegmentInfo(door: MilvusDoor, request: SegmentsRequest, call: Call): object {
  const collection = getCollection(door, databaseOf(call, request.dbName), request.collectionName)
  checkLoaded(door, collection)
  const model = modelOf(collection)
  const vectors = new Set(vectorFieldsOf(model).map(({ name }) => name))
  const index = model.document.indexes.find(({ field }) => vectors.has(field))
  const infos = collection.segmentReports().map((segment) => ({
    ...basicsOf(collection, segment),
    mem_size: BigInt(segment.memoryBytes),
    index_name: index?.name ?? '',
    indexID: BigInt(index?.id ?? 0),
    nodeID: nodeId,
    nodeIds: [nodeId],
  }))
  return { infos }
}

function basicsOf(
  collection: Collection,
  { id, shard, isWritten, pointCount }: SegmentReport,
): {
  readonly segmentID: bigint
  readonly collectionID: bigint
  readonly partitionID: bigint
  readonly num_rows: bigint
  readonly state: number
  readonly level: number
} {
  const { shardNumber, partitions = [defaultPartition] } = collection.config()
  const partition = partitions[Math.floor(shard / shardNumber)] ?? defaultPartition
  return {
    segmentID: segmentId(id),
    collectionID: numericId(collection.id),
    partitionID: partitionId(collection, partition),
    num_rows: BigInt(pointCount),
    state: isWritten ? states.flushed : states.growing,
    level: legacyLevel,
  }
}

interface ReplicasRequest extends NumberedCollection {
  readonly with_shard_nodes: boolean
}

/** One replica, on this server. @throws 100, 101, 800 */
export function getReplicas(door: MilvusDoor, request: ReplicasRequest, call: Call): object {
  const database = databaseOf(call, request.db_name)
  const collection = collectionAsked(door, database, request)
  checkLoaded(door, collection)
  const shards = Array.from({ length: collection.config().shardNumber }, (_, shard) => ({
    leaderID: nodeId,
    leader_addr: '',
    dm_channel_name: `stillpoint-${shard}-${collection.id}v0`,
    node_ids: request.with_shard_nodes ? [nodeId] : [],
  }))
  const replica = {
    replicaID: numericId('replica', collection.id),
    collectionID: numericId(collection.id),
    partition_ids: partitionsOf(collection).map((one) => partitionId(collection, one)),
    shard_replicas: shards,
    node_ids: [nodeId],
    resource_group_name: '__default_resource_group',
    num_outbound_node: {},
  }
  return { replicas: [replica] }
}
