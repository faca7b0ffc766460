import {
  checkDatabase,
  databaseOf,
  engineName,
  getCollection,
  hasDatabase,
  milvusName,
  type Call,
  type MilvusDoor,
} from '../door.ts'
import { numericId } from '../numeric-id.ts'
import { millisecondsOf } from '../hybrid-clock.ts'
import type { Handlers } from '../rpcs/handler.ts'
import { modelOf } from '../schema/collection-model.ts'
import { dropWithSnapshots } from '../snapshots/dropped-collections.ts'
import { codes, MilvusError } from '../status.ts'
import { alterCollection, alterCollectionField } from './alter-collection.ts'
import { batchDescribeCollection } from './batch-describe.ts'
import { createCollection } from './create-collection.ts'
import { collectionsOf, describeCollection, type NamedCollection } from './describe-collection.ts'
import { addCollectionField } from './fields/add-field.ts'
import { addCollectionStructField } from './fields/add-struct.ts'
import { alterCollectionSchema } from './fields/alter-schema.ts'
import {
  addCollectionFunction,
  alterCollectionFunction,
  dropCollectionFunction,
} from './fields/old-functions.ts'
import { isLoaded, saveLoadState } from './load-state.ts'
import { renameCollection } from './rename-collection.ts'
import { truncateCollection } from './truncate-collection.ts'

export const collectionRpcs: Handlers = {
  CreateCollection: createCollection,
  DescribeCollection: describeCollection,
  HasCollection: hasCollection,
  DropCollection: dropCollection,
  ShowCollections: showCollections,
  BatchDescribeCollection: batchDescribeCollection,
  RenameCollection: renameCollection,
  TruncateCollection: truncateCollection,
  AlterCollection: alterCollection,
  AlterCollectionField: alterCollectionField,
  AddCollectionField: addCollectionField,
  AddCollectionStructField: addCollectionStructField,
  AlterCollectionSchema: alterCollectionSchema,
  AddCollectionFunction: addCollectionFunction,
  AlterCollectionFunction: alterCollectionFunction,
  DropCollectionFunction: dropCollectionFunction,
}

function hasCollection(door: MilvusDoor, request: NamedCollection, call: Call): object {
  const database = databaseOf(call, request.db_name)
  checkDatabase(door, database)
  const found = door.database.findCollection(engineName(database, request.collection_name))
  return { value: found !== undefined }
}

/** One that is not there, or whose database is not, is dropped already. Its snapshots go with it, unless they are pinned. */
async function dropCollection(door: MilvusDoor, request: NamedCollection, call: Call): Promise<object> {
  const database = databaseOf(call, request.db_name)
  if (!hasDatabase(door, database)) return {}
  const name = engineName(database, request.collection_name)
  await door.sequences.run(name, async () => {
    const collection = door.database.findCollection(name)
    if (collection !== undefined && collection.name !== name)
      throw new MilvusError(
        codes.unexpected,
        `cannot drop the collection via alias = ${request.collection_name}`,
      )
    await dropWithSnapshots(door, name)
    if (collection !== undefined) await saveLoadState(door, collection, undefined)
  })
  return {}
}

interface ShowCollectionsRequest {
  readonly db_name: string
  /** 1: those that are loaded. */
  readonly type: number
  readonly collection_names: readonly string[]
}

function showCollections(door: MilvusDoor, request: ShowCollectionsRequest, call: Call): object {
  const database = databaseOf(call, request.db_name)
  checkDatabase(door, database)
  const named = request.collection_names.map((name) => getCollection(door, database, name))
  const all = named.length > 0 ? named : collectionsOf(door, database)
  const shown = request.type === 1 ? all.filter((one) => isLoaded(door, one)) : all
  const created = shown.map((one) => BigInt(modelOf(one).document.createdAt))
  return {
    collection_names: shown.map((one) => milvusName(door, one.name).name),
    collection_ids: shown.map((one) => numericId(one.id)),
    created_timestamps: created,
    created_utc_timestamps: created.map((at) => millisecondsOf(at)),
    inMemory_percentages: shown.map((one) => (isLoaded(door, one) ? 100 : 0)),
    query_service_available: shown.map((one) => isLoaded(door, one)),
    shards_num: shown.map((one) => one.config().shardNumber),
  }
}
