import type { JsonValue } from '../../../../index.ts'
import { dataTypes, isVectorType } from '../../schema/data-types.ts'
import { consistencyLevels } from '../../schema/document.ts'
import type { KeyValue } from '../../schema/messages.ts'
import { encodeMessage, enumNumber } from '../../wire/messages.ts'
import { integerOf, type Body } from '../body.ts'
import { missing, notJson, RestError, restCodes } from '../rest-error.ts'
import { done, named, type RestAnswer, type RestCall } from '../route.ts'
import { indexMembers } from './indexes.ts'

interface Field {
  readonly name: string
  readonly data_type: number
}

/** With its indexes; loaded once all of its vectors have one. */
export async function createCollection(request: RestCall): Promise<RestAnswer> {
  const { body } = request
  const isQuick = body.body('schema').list('fields').length === 0
  const schema = isQuick ? quickSchema(body) : fullSchema(body)
  const params = body.body('params')
  const name = named(request)
  const indexes = isQuick ? [quickIndex(body)] : body.bodies('indexParams').map(indexMembers)
  const names = new Set(schema.fields.map((field) => field.name))
  for (const { field_name } of indexes)
    if (!names.has(field_name))
      throw new RestError(
        restCodes.missingParameter,
        `missing required parameters, error: \`${field_name}\` hasn't defined in schema`,
      )
  await request.rpc('CreateCollection', {
    ...name,
    schema: encodeMessage('CollectionSchema', { name: name.collection_name, ...schema }),
    shards_num: Number(params.integer('shardsNum') ?? 1n),
    num_partitions: params.integer('partitionsNum') ?? 0n,
    consistency_level: levelOf(params.text('consistencyLevel') || 'Bounded'),
    properties: propertiesOf(params),
  })
  for (const index of indexes) await request.rpc('CreateIndex', { ...name, ...index })
  const indexed = new Set(indexes.map(({ field_name }) => field_name))
  const isComplete = schema.fields
    .filter(({ data_type }) => isVectorType(data_type))
    .every((field) => indexed.has(field.name))
  if (indexes.length > 0 && isComplete) await request.rpc('LoadCollection', name)
  return done
}

export function levelOf(name: string): number {
  const level = (consistencyLevels as readonly string[]).indexOf(name)
  if (level < 0)
    throw notJson(`consistencyLevel has to be one of ${consistencyLevels.join(', ')}, not ${name}`)
  return level
}

function propertiesOf(params: Body): readonly KeyValue[] {
  const ttl = params.integer('ttlSeconds')
  const known = [
    'shardsNum',
    'partitionsNum',
    'consistencyLevel',
    'ttlSeconds',
    'enableDynamicField',
    'max_length',
  ]
  const others = params.pairs().filter(({ key }) => !known.includes(key))
  const isolation = others.map(({ key, value }) => ({
    key: key === 'partitionKeyIsolation' ? 'partitionkey.isolation' : key,
    value,
  }))
  return ttl === undefined ? isolation : [...isolation, { key: 'collection.ttl.seconds', value: String(ttl) }]
}

const vectorNameOf = (body: Body): string => body.text('vectorFieldName') || 'vector'

function quickSchema(body: Body): { readonly fields: readonly Field[] } {
  const dimension = body.integer('dimension') ?? 0n
  if (dimension === 0n)
    throw new RestError(
      restCodes.missingParameter,
      'missing required parameters, error: dimension is required for quickly create collection(default metric type: COSINE)',
    )
  const params = body.body('params')
  const isText = ['varchar', 'string'].includes(body.text('idType').toLowerCase())
  const key = {
    name: body.text('primaryFieldName') || 'id',
    is_primary_key: true,
    autoID: body.flag('autoID', body.flag('autoId')),
    data_type: isText ? dataTypes.VarChar : dataTypes.Int64,
    type_params: isText
      ? [{ key: 'max_length', value: String(params.integer('max_length') ?? 65_535n) }]
      : [],
  }
  const vector = {
    name: vectorNameOf(body),
    data_type: dataTypes.FloatVector,
    type_params: [{ key: 'dim', value: String(dimension) }],
  }
  return quick([key, vector], body, params.flag('enableDynamicField', true))
}

const quick = (fields: readonly Field[], body: Body, isDynamic: boolean) => ({
  fields,
  description: body.text('description'),
  enable_dynamic_field: isDynamic,
})

const quickIndex = (body: Body): ReturnType<typeof indexMembers> => ({
  field_name: vectorNameOf(body),
  index_name: vectorNameOf(body),
  extra_params: [
    { key: 'index_type', value: 'AUTOINDEX' },
    { key: 'metric_type', value: body.text('metricType') || 'COSINE' },
  ],
})

function fullSchema(body: Body): { readonly fields: readonly Field[] } {
  const schema = body.body('schema')
  const autoId = schema.flag('autoID', schema.flag('autoId'))
  return {
    ...quick(
      schema.bodies('fields').map((field) => fieldMessage(field, autoId)),
      schema.has('description') ? schema : body,
      schema.flag('enableDynamicField', schema.flag('enabledDynamicField')),
    ),
    ...{ functions: schema.bodies('functions').map(functionMessage) },
  }
}

/** A `FieldSchema`. */
export function fieldMessage(field: Body, autoId: boolean): Field {
  const type = typeOf(field, 'dataType')
  const isPrimary = field.flag('isPrimary')
  const elementType = field.has('elementDataType') ? typeOf(field, 'elementDataType') : 0
  const value = field.value('defaultValue')
  const message = {
    name: field.neededText('fieldName'),
    description: field.text('description'),
    data_type: type,
    element_type: elementType,
    is_primary_key: isPrimary,
    autoID: field.flag('autoID', field.flag('autoId')) || (isPrimary && autoId),
    is_partition_key: field.flag('isPartitionKey'),
    is_clustering_key: field.flag('isClusteringKey'),
    nullable: field.flag('nullable'),
    type_params: field.body('elementTypeParams').pairs(),
  }
  return value === undefined ? message : ({ ...message, default_value: defaultOf(type, value) } as Field)
}

function typeOf(field: Body, member: string): number {
  const name = field.text(member)
  if (name === '') throw missing(member)
  const type = enumNumber('DataType', name)
  if (type === undefined) throw notJson(`there is no data type ${name}`)
  return type
}

/** @throws RestError 1801 */
function defaultOf(type: number, value: JsonValue): object {
  if (typeof value === 'boolean') return { bool_data: value }
  if (type === dataTypes.Int64) return { long_data: integerOf(value, 'defaultValue') }
  if (typeof value === 'string') return { string_data: value }
  const number = Number(value)
  if (Number.isNaN(number)) throw notJson('defaultValue has to be a value of the field')
  if (type === dataTypes.Float) return { float_data: number }
  return type === dataTypes.Double ? { double_data: number } : { int_data: number }
}

/** A `FunctionSchema`. */
export function functionMessage(one: Body): object {
  const name = one.neededText('type')
  const type = enumNumber('FunctionType', name)
  if (type === undefined) throw notJson(`there is no function type ${name}`)
  return {
    name: one.text('name'),
    description: one.text('description'),
    type,
    input_field_names: one.texts('inputFieldNames'),
    output_field_names: one.texts('outputFieldNames'),
    params: one.body('params').pairs(),
  }
}
