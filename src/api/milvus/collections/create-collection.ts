import { aliasConflict } from '../aliases/alias-conflict.ts'
import type { CollectionConfig, VectorParams } from '../../../index.ts'
import {
  databaseOf,
  databaseSequence,
  checkDatabase,
  engineName,
  type Call,
  type MilvusDoor,
} from '../door.ts'
import { collectionsOf } from './describe-collection.ts'
import { databaseProperties } from '../databases/database-fields.ts'
import { checkProperties, checkSchema } from '../schema/check-schema.ts'
import { dataTypes, holdsVectors } from '../schema/data-types.ts'
import {
  consistencyLevels,
  dimensionsOf,
  withDocument,
  type FieldDocument,
  type MilvusDocument,
} from '../schema/document.ts'
import {
  firstFieldId,
  fieldsOf,
  functionsOf,
  mapOf,
  type KeyValue,
  type SchemaMessage,
} from '../schema/messages.ts'
import { modelOf, subFieldsOf } from '../schema/collection-model.ts'
import { checkName } from '../schema/names.ts'
import { checkStructs, structsOf } from '../schema/structs.ts'
import { codes, invalidParameter, MilvusError } from '../status.ts'
import { checkedFields } from '../text/functions.ts'
import { withTimeDefault } from '../time/time-default.ts'
import { zoneOf, zoneProperty } from '../time/zone.ts'
import { decodeMessage } from '../wire/messages.ts'

export interface CreateCollectionRequest {
  readonly db_name: string
  readonly collection_name: string
  readonly schema: Uint8Array
  readonly shards_num: number
  readonly consistency_level: number
  readonly properties: readonly KeyValue[]
  readonly num_partitions: bigint
}

const keyPartitionsDefault = 16

/** Making the same collection again is a success. @throws 102, 1100, 1601, 65535 */
export async function createCollection(
  door: MilvusDoor,
  request: CreateCollectionRequest,
  call: Call,
): Promise<object> {
  const database = databaseOf(call, request.db_name)
  checkDatabase(door, database)
  const name = request.collection_name
  checkName('collection', name)
  const schema = decodeMessage('CollectionSchema', request.schema) as unknown as SchemaMessage
  const document = documentFrom(door, database, request, schema)
  checkSchema(document, request.shards_num)
  checkStructs(document)
  const engine = engineName(database, name)
  await door.sequences.run(engine, async () => {
    const existing = door.database.findCollection(engine)
    if (existing === undefined) {
      await inDatabase(door, database, () =>
        door.database.createCollection(engine, configOf(document, request.shards_num)),
      )
      return
    }
    if (existing.name !== engine) throw aliasConflict(database, name)
    if (!isSameSchema(modelOf(existing).document, document))
      throw new MilvusError(
        codes.unexpected,
        `create duplicate collection with different parameters, collection: ${name}`,
      )
  })
  return {}
}

/** Makes a collection, where its database may have one more. @throws 102 */
async function inDatabase(door: MilvusDoor, database: string, make: () => Promise<unknown>): Promise<void> {
  await door.sequences.run(databaseSequence(database), async () => {
    checkDatabase(door, database)
    const limit = databaseProperties(door, database)['database.max.collections']
    if (limit !== undefined && collectionsOf(door, database).length >= Number(limit))
      throw new MilvusError(
        codes.tooManyCollections,
        `exceeded the limit number of collections[dbName=${database}][limit=${limit}]`,
      )
    await make()
  })
}

function documentFrom(
  door: MilvusDoor,
  database: string,
  request: CreateCollectionRequest,
  schema: SchemaMessage,
): MilvusDocument {
  const fields = fieldsOf(schema)
  const structs = structsOf(schema.struct_array_fields, firstFieldId + fields.length)
  const functions = functionsOf(schema)
  const hasKey = fields.some(({ isPartitionKey }) => isPartitionKey)
  const partitions = Number(request.num_partitions)
  if (!hasKey && partitions > 0)
    throw invalidParameter('num_partitions should only be specified with partition key field enabled')
  const now = String(door.timestamps.next())
  const properties = {
    ...zoneOfDatabase(door, database),
    ...mapOf(schema.properties),
    ...mapOf(request.properties),
  }
  checkProperties(properties)
  const zone = zoneOf({ properties })
  return {
    description: schema.description,
    fields: checkedFields({ fields: fields.map((field) => withTimeDefault(field, zone)), functions }),
    ...(structs.length === 0 ? {} : { structs }),
    functions,
    hasDynamicField: schema.enable_dynamic_field,
    properties,
    consistency: consistencyLevels[request.consistency_level] ?? 'Bounded',
    keyPartitions: hasKey ? partitions || keyPartitionsDefault : 0,
    createdAt: now,
    updatedAt: now,
    indexes: [],
  }
}

/** The time zone that a database has now is that of the collections that are made in it. */
function zoneOfDatabase(door: MilvusDoor, database: string): Record<string, string> {
  const zone = databaseProperties(door, database)[zoneProperty]
  return zone === undefined ? {} : { [zoneProperty]: zone }
}

function configOf(document: MilvusDocument, shards: number): CollectionConfig {
  const vectors = [...document.fields, ...subFieldsOf(document)]
    .filter(({ type }) => holdsVectors(type))
    .map((field) => [field.name, vectorParams(field)] as const)
  return {
    vectors: Object.fromEntries(vectors),
    shardNumber: Math.max(shards, 1),
    settings: withDocument(undefined, document),
  }
}

/**
 * How the engine keeps the vectors of a field: as they are given, so that an index can choose any distance. Until there is
 * one, it is that of AUTOINDEX.
 */
export function vectorParams(field: FieldDocument): VectorParams {
  const size = dimensionsOf(field)
  if (field.type === dataTypes.SparseFloatVector) {
    // What a function makes of texts counts by how rare its terms are.
    const rarity = field.isFunctionOutput === true ? ({ modifier: 'idf' } as const) : {}
    return { kind: 'sparse', size: 0, distance: 'Dot', ...rarity }
  }
  const isMulti = field.type === dataTypes.ArrayOfVector
  const kind = isMulti ? ({ kind: 'multi' } as const) : {}
  if ((isMulti ? field.elementType : field.type) === dataTypes.BinaryVector)
    return { ...kind, size, distance: 'Manhattan' }
  return { ...kind, size, distance: 'Cosine', keepsLength: true }
}

function isSameSchema(a: MilvusDocument, b: MilvusDocument): boolean {
  const essence = ({
    description,
    fields,
    structs,
    functions,
    hasDynamicField,
    keyPartitions,
  }: MilvusDocument): string =>
    JSON.stringify(
      [description, fields, structs, functions, hasDynamicField, keyPartitions],
      (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    )
  return essence(a) === essence(b)
}
