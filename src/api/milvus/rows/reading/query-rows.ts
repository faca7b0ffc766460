import { databaseOf, getCollection, type Call, type MilvusDoor } from '../../door.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { modelOf } from '../../schema/collection-model.ts'
import { mapOf, type KeyValue } from '../../schema/messages.ts'
import { codes, MilvusError } from '../../status.ts'
import { timeViewOf } from '../../time/time-view.ts'
import { readablePartitions } from '../loaded.ts'
import { planOutput } from '../outgoing/output-plan.ts'
import { resultColumns, resultRows } from '../outgoing/result-columns.ts'
import { queryParameters } from './query-parameters.ts'
import { readFound } from './read-found.ts'
import { whereOf, type TemplateValue } from '../where.ts'

export interface QueryRequest {
  readonly db_name: string
  readonly collection_name: string
  readonly expr: string
  readonly output_fields: readonly string[]
  readonly partition_names: readonly string[]
  readonly query_params: readonly KeyValue[]
  readonly expr_template_values: Readonly<Record<string, TemplateValue>>
  /** An iterator's: the session timestamp of the answer that it began with. */
  readonly guarantee_timestamp: bigint
}

const countField = 'count(*)'

/**
 * Rows in the order of their keys, as they are now; for an iterator as they were when it began.
 * @throws 100, 101, 1100, 65535
 */
export async function queryRows(door: MilvusDoor, request: QueryRequest, call: Call): Promise<object> {
  const database = databaseOf(call, request.db_name)
  const collection = getCollection(door, database, request.collection_name)
  const model = modelOf(collection)
  const parameters = queryParameters(request.query_params, collection)
  const isCount = request.output_fields.length === 1 && request.output_fields[0]!.toLowerCase() === countField
  if (isCount && parameters.limit !== undefined)
    throw new MilvusError(codes.unexpected, 'count entities with pagination is not allowed')
  if (!isCount && parameters.limit === undefined && request.expr.trim() === '')
    throw new MilvusError(codes.unexpected, 'empty expression should be used with limit')
  const times = timeViewOf(model.document, mapOf(request.query_params))
  const where = whereOf(model, request.expr, request.expr_template_values, times.zone)
  const timestamp = door.timestamps.next()
  const answer = {
    collection_name: request.collection_name,
    primary_field_name: model.primaryKey.name,
    session_ts: timestamp,
  }
  const plan = isCount ? undefined : planOutput(model, collection, request.output_fields, times)
  const partitions = readablePartitions(door, collection, model, request.partition_names, 'failed to query: ')
  const selection = partitions === undefined ? {} : { partitions }
  if (plan === undefined) {
    return { ...answer, ...countColumn(await collection.count(where.filter, selection)) }
  }
  const kept = parameters.isIterator ? door.moments.find(request.guarantee_timestamp, collection) : undefined
  const isFirst = parameters.isIterator && kept === undefined
  const reader = isFirst ? await door.moments.keep(timestamp, collection) : (kept ?? collection)
  const { points, structs } = await readFound(door.keyRuns, reader, model, where, {
    ...parameters,
    ...selection,
    moment: kept === undefined ? undefined : request.guarantee_timestamp,
    reads: plan.reads,
  })
  const fields = resultColumns(model, collection, plan, resultRows(model, points))
  const indices = structs?.map((data) => ({ indices: { data } }))
  return {
    ...answer,
    fields_data: fields,
    output_fields: plan.names,
    ...(indices === undefined ? {} : { element_indices: indices }),
  }
}

function countColumn(count: number): object {
  const scalars = { long_data: { data: [count] } }
  const column = { type: dataTypes.Int64, field_name: countField, scalars }
  return { fields_data: [column], output_fields: [countField] }
}
