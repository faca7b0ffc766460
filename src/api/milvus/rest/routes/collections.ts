import type { JsonValue } from '../../../../index.ts'
import { codes, MilvusError } from '../../status.ts'
import { mapOf, type KeyValue } from '../../schema/messages.ts'
import { consistencyLevels } from '../../schema/document.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { encodeMessage, enumName } from '../../wire/messages.ts'
import { doing, idInteger, named, type RestAnswer, type RestCall, type RestRoutes } from '../route.ts'
import { createCollection, fieldMessage } from './create-collection.ts'

export const collectionRoutes: RestRoutes = {
  '/collections/list': async (request) => {
    const { collection_names: names } = (await request.rpc('ShowCollections', {
      db_name: request.database,
    })) as { collection_names: readonly string[] }
    return { data: [...names] }
  },
  '/collections/has': async (request) => ({ data: { has: await hasCollection(request) } }),
  '/collections/describe': describeCollection,
  '/collections/get_stats': async (request) => ({
    data: await rowCount(request, 'GetCollectionStatistics', named(request)),
  }),
  '/collections/get_load_state': loadState,
  '/collections/create': createCollection,
  '/collections/drop': doing('DropCollection', named),
  '/collections/rename': doing('RenameCollection', ({ body, database }) => ({
    db_name: database,
    oldName: body.neededText('collectionName'),
    newName: body.neededText('newCollectionName'),
    newDBName: body.text('newDbName') || database,
  })),
  '/collections/load': doing('LoadCollection', named),
  '/collections/refresh_load': doing('LoadCollection', (request) => ({ ...named(request), refresh: true })),
  '/collections/release': doing('ReleaseCollection', named),
  '/collections/truncate': doing('TruncateCollection', named),
  '/collections/flush': doing('Flush', ({ body, database }) => ({
    db_name: database,
    collection_names: [body.neededText('collectionName')],
  })),
  '/collections/compact': async (request) => {
    const { compactionID } = (await request.rpc('ManualCompaction', {
      ...named(request),
      majorCompaction: request.body.flag('isClustering'),
    })) as { compactionID: bigint }
    return { data: { compactionID: idInteger(request, compactionID) } }
  },
  '/collections/get_compaction_state': async (request) => {
    const answer = (await request.rpc('GetCompactionState', {
      compactionID: request.body.integer('compactionID') ?? request.body.integer('jobID') ?? 0n,
    })) as { state: number }
    return { data: { state: enumName('CompactionState', answer.state) ?? '' } }
  },
  '/collections/alter_properties': doing('AlterCollection', (request) => ({
    ...named(request),
    properties: request.body.body('properties').pairs(),
  })),
  '/collections/drop_properties': doing('AlterCollection', (request) => ({
    ...named(request),
    delete_keys: request.body.texts('propertyKeys'),
  })),
  '/collections/fields/add': doing('AddCollectionField', (request) => ({
    ...named(request),
    schema: encodeMessage('FieldSchema', fieldMessage(request.body.body('schema'), false)),
  })),
  '/collections/fields/alter_properties': doing('AlterCollectionField', (request) => ({
    ...named(request),
    field_name: request.body.neededText('fieldName'),
    properties: request.body.body('fieldParams').pairs(),
  })),
}

async function hasCollection(request: RestCall): Promise<boolean> {
  const { value } = (await request.rpc('HasCollection', named(request))) as { value: boolean }
  return value
}

export async function rowCount(request: RestCall, rpc: string, members: object): Promise<JsonValue> {
  const { stats } = (await request.rpc(rpc, members)) as { stats: readonly KeyValue[] }
  return { rowCount: Number(mapOf(stats)['row_count'] ?? 0) }
}

interface FieldMessage {
  readonly fieldID: number | bigint
  readonly name: string
  readonly data_type: number
  readonly element_type: number
  readonly description: string
  readonly is_primary_key: boolean
  readonly is_partition_key: boolean
  readonly is_clustering_key: boolean
  readonly nullable: boolean
  readonly autoID: boolean
  readonly is_function_output: boolean
  readonly type_params: readonly KeyValue[]
  readonly default_value?: object
}

interface CollectionMessage {
  readonly collection_name: string
  readonly collectionID: bigint
  readonly aliases: readonly string[]
  readonly consistency_level: number
  readonly num_partitions: number | bigint
  readonly shards_num: number
  readonly properties: readonly KeyValue[]
  readonly schema: {
    readonly description: string
    readonly enable_dynamic_field: boolean
    readonly fields: readonly FieldMessage[]
    readonly functions: readonly FunctionMessage[]
  }
}

interface FunctionMessage {
  readonly id: number | bigint
  readonly name: string
  readonly type: number
  readonly description: string
  readonly input_field_names: readonly string[]
  readonly output_field_names: readonly string[]
  readonly params: readonly KeyValue[]
}

async function describeCollection(request: RestCall): Promise<RestAnswer> {
  const found = (await request.rpc('DescribeCollection', named(request))) as CollectionMessage
  const { schema } = found
  return {
    data: {
      aliases: [...found.aliases],
      autoId: schema.fields.some(({ is_primary_key, autoID }) => is_primary_key && autoID),
      collectionID: BigInt(found.collectionID),
      collectionName: found.collection_name,
      consistencyLevel: consistencyLevels[found.consistency_level] ?? '',
      description: schema.description,
      enableDynamicField: schema.enable_dynamic_field,
      fields: schema.fields.map(fieldOf),
      functions: schema.functions.map(functionOf),
      indexes: await indexesOf(request),
      load: (await stateOf(request)) ?? '',
      partitionsNum: Number(found.num_partitions),
      properties: pairsOf(found.properties),
      shardsNum: found.shards_num,
    },
  }
}

const pairsOf = (pairs: readonly KeyValue[]): JsonValue => pairs.map(({ key, value }) => ({ key, value }))

const typeText = (type: number): string => enumName('DataType', type) ?? String(type)

function fieldOf(field: FieldMessage): JsonValue {
  return {
    id: Number(field.fieldID),
    name: field.name,
    type: typeText(field.data_type),
    description: field.description,
    primaryKey: field.is_primary_key,
    partitionKey: field.is_partition_key,
    clusteringKey: field.is_clustering_key,
    autoId: field.autoID,
    nullable: field.nullable,
    ...(field.type_params.length === 0 ? {} : { params: pairsOf(field.type_params) }),
    ...(field.data_type === dataTypes.Array ? { elementType: typeText(field.element_type) } : {}),
    ...(field.default_value === undefined ? {} : { defaultValue: field.default_value as JsonValue }),
    ...(field.is_function_output ? { isFunctionOutput: true } : {}),
  }
}

function functionOf(one: FunctionMessage): JsonValue {
  return {
    id: Number(one.id),
    name: one.name,
    description: one.description,
    type: enumName('FunctionType', one.type) ?? '',
    inputFieldNames: [...one.input_field_names],
    outputFieldNames: [...one.output_field_names],
    params: pairsOf(one.params),
  }
}

/** None for who may not see them, as for a collection without any. */
async function indexesOf(request: RestCall): Promise<JsonValue> {
  const answer = await ifAny<{
    index_descriptions: readonly { index_name: string; field_name: string; params: readonly KeyValue[] }[]
  }>(request.rpc('DescribeIndex', named(request)))
  return (answer?.index_descriptions ?? []).map((one) => ({
    fieldName: one.field_name,
    indexName: one.index_name,
    metricType: mapOf(one.params)['metric_type'] ?? '',
  }))
}

async function stateOf(request: RestCall): Promise<string | undefined> {
  const answer = await ifAny<{ state: number }>(request.rpc('GetLoadState', named(request)))
  return answer === undefined ? undefined : enumName('LoadState', answer.state)
}

const leftOut: ReadonlySet<number> = new Set([codes.notPermitted, codes.indexNotFound])

async function ifAny<T>(answer: Promise<unknown>): Promise<T | undefined> {
  try {
    return (await answer) as T
  } catch (error) {
    if (error instanceof MilvusError && leftOut.has(error.code)) return undefined
    throw error
  }
}

async function loadState(request: RestCall): Promise<RestAnswer> {
  const members = { ...named(request), partition_names: request.body.texts('partitionNames') }
  const { state } = (await request.rpc('GetLoadState', members)) as { state: number }
  const name = enumName('LoadState', state) ?? ''
  if (name === 'LoadStateNotExist')
    throw new MilvusError(
      codes.collectionNotFound,
      `collection not found[collection=${members.collection_name}]`,
    )
  if (name === 'LoadStateNotLoad') return { data: { loadState: name } }
  const { progress } = (await request.rpc('GetLoadingProgress', members)) as { progress: number | bigint }
  return { data: { loadState: name, loadProgress: Number(progress), message: '' } }
}
