import type { Collection } from '../../../index.ts'
import {
  collectionMissing,
  databaseOf,
  checkDatabase,
  engineName,
  getCollection,
  hasDatabase,
  milvusName,
  type Call,
  type MilvusDoor,
} from '../door.ts'
import { millisecondsOf } from '../hybrid-clock.ts'
import { numericId } from '../numeric-id.ts'
import { modelOf } from '../schema/collection-model.ts'
import { checkName } from '../schema/names.ts'
import { levelNumber, pairsOf, schemaMessage } from '../schema/messages.ts'
import { codes, MilvusError } from '../status.ts'
import { partitionsWritten } from './partition-list.ts'

export interface NamedCollection {
  readonly db_name: string
  readonly collection_name: string
}

/** Named, or by its number where no name is given. */
export interface NumberedCollection extends NamedCollection {
  readonly collectionID: bigint
}

/** A `DescribeCollectionResponse`. @throws 100, 1100 */
export function describeCollection(door: MilvusDoor, request: NumberedCollection, call: Call): object {
  const database = databaseOf(call, request.db_name)
  const collection = collectionAsked(door, database, request, describedCollection)
  return collectionMessage(door, collection)
}

/**
 * Clients ask in this way whether a collection is there: in a database that is not there, it is not. Collections that were
 * made elsewhere may have names that Milvus would not take. @throws 100, 1100
 */
function describedCollection(door: MilvusDoor, database: string, name: string): Collection {
  if (!hasDatabase(door, database))
    throw new MilvusError(codes.collectionNotFound, `database not found[database=${database}]`)
  const found = door.database.findCollection(engineName(database, name))
  if (found !== undefined) return found
  checkName('collection', name)
  throw collectionMissing(database, name)
}

/** @throws 100, 800 */
export function collectionAsked(
  door: MilvusDoor,
  database: string,
  { collection_name: name, collectionID: id }: NumberedCollection,
  byName = getCollection,
): Collection {
  return name === '' && id !== 0n ? collectionById(door, database, id) : byName(door, database, name)
}

export function collectionById(door: MilvusDoor, database: string, id: bigint): Collection {
  checkDatabase(door, database)
  const found = collectionsOf(door, database).find((one) => numericId(one.id) === id)
  if (found === undefined) throw collectionMissing(database, String(id))
  return found
}

/** Those of a database. */
export function collectionsOf(door: MilvusDoor, database: string): readonly Collection[] {
  return door.database.listCollections().filter((one) => milvusName(door, one.name).database === database)
}

export function collectionMessage(door: MilvusDoor, collection: Collection): object {
  const { database, name } = milvusName(door, collection.name)
  const { document } = modelOf(collection)
  const { shardNumber } = collection.config()
  const channels = Array.from({ length: shardNumber }, (_, shard) => `stillpoint-${shard}-${collection.id}`)
  const created = BigInt(document.createdAt)
  return {
    schema: schemaMessage(name, database, document),
    collectionID: numericId(collection.id),
    virtual_channel_names: channels.map((channel) => `${channel}v0`),
    physical_channel_names: channels,
    created_timestamp: created,
    created_utc_timestamp: millisecondsOf(created),
    shards_num: shardNumber,
    aliases: aliasesOf(door, collection),
    start_positions: [],
    consistency_level: levelNumber(document),
    collection_name: name,
    properties: pairsOf(document.properties),
    db_name: database,
    num_partitions: document.keyPartitions || partitionsWritten(collection).length,
    db_id: numericId('database', database),
    update_timestamp: BigInt(document.updatedAt),
    update_timestamp_str: document.updatedAt,
  }
}

/** Without their database. */
export function aliasesOf(door: MilvusDoor, collection: Collection): string[] {
  return door.database
    .listAliases()
    .filter((one) => one.collection === collection.name)
    .map(({ alias }) => milvusName(door, alias).name)
}
