import type { JsonObject, JsonValue } from '../../../../index.ts'
import type { RestRequest } from '../rest-request.ts'
import { yieldToEventLoop } from '../../../../runtime/yield.ts'
import { malformed } from '../status.ts'
import { required, writeQuery } from './calls.ts'
import type { Fields } from './fields.ts'
import { filterOf } from './filters.ts'
import { given, jsonMap, pointIdOf, shardKeysOf } from './values.ts'
import { vectorsOf } from './vectors.ts'

// Bodies of changes of points. An operation of a batch has the fields of the request of its own.

type BodyOf = (fields: Fields) => JsonObject

const updateModes = ['upsert', 'insert_only', 'update_only']

export const upsertBody: BodyOf = (fields) => upsertWith(fields, fields.subs('points').map(pointOf))

function upsertWith(fields: Fields, points: readonly JsonValue[]): JsonObject {
  const mode = fields.variant('update_mode')
  return given({
    points,
    shard_key: shardKeysOf(fields.sub('shard_key_selector')),
    update_filter: filterOf(fields.sub('update_filter')),
    update_mode: mode === undefined ? undefined : (updateModes[mode] ?? 'upsert'),
  })
}

// Numbers that are translated between two looks at the event loop, and what a point counts beside its own: a millisecond or two.
const sliceNumbers = 2 ** 16
const pointCost = 128

/** An upsert as one request, in slices where it has many numbers. */
export async function upsertInSlices(fields: Fields): Promise<RestRequest> {
  const points: JsonValue[] = []
  let numbers = 0
  for (const message of fields.subs('points')) {
    if (numbers >= sliceNumbers) {
      numbers = 0
      await yieldToEventLoop()
    }
    const point = pointOf(message)
    numbers += pointCost + numbersIn(point['vector'])
    points.push(point)
  }
  return { query: writeQuery(fields), body: upsertWith(fields, points) }
}

function numbersIn(vector: JsonValue | undefined): number {
  if (typeof vector !== 'object' || vector === null) return 0
  if (Array.isArray(vector) && typeof vector[0] === 'number') return vector.length
  return Object.values(vector).reduce<number>((sum, part) => sum + numbersIn(part as JsonValue), 0)
}

function pointOf(point: Fields): JsonObject {
  const vectors = required(point.sub('vectors'), 'Expected some vectors')
  const payload = point.hasEntries('payload') ? jsonMap(point, 'payload') : undefined
  const id = pointIdOf(required(point.sub('id'), 'Empty ID is not allowed'))
  return given({ id, vector: vectorsOf(vectors), payload })
}

export const updateVectorsBody: BodyOf = (fields) =>
  given({
    points: fields.subs('points').map((point) => ({
      id: pointIdOf(required(point.sub('id'), 'id is expected')),
      vector: vectorsOf(required(point.sub('vectors'), 'vectors is expected')),
    })),
    shard_key: shardKeysOf(fields.sub('shard_key_selector')),
    update_filter: filterOf(fields.sub('update_filter')),
  })

/** Of a message that has nothing but a selector under `points`. */
export const selectionBody: BodyOf = (fields) => ({
  ...selectedBy(required(fields.sub('points'), 'PointSelector is missing')),
  ...shardKeys(fields),
})

function selectedBy(selector: Fields): JsonObject {
  const points = selector.sub('points')
  if (points !== undefined) return { points: points.subs('ids').map(pointIdOf) }
  const filter = filterOf(selector.sub('filter'))
  if (filter === undefined) throw malformed('Malformed PointsSelector type')
  return { filter }
}

function selected(fields: Fields): JsonObject {
  const selector = required(fields.sub('points_selector'), 'points_selector is expected')
  return { ...selectedBy(selector), ...shardKeys(fields) }
}

const shardKeys = (fields: Fields): JsonObject =>
  given({ shard_key: shardKeysOf(fields.sub('shard_key_selector')) })

export const deleteVectorsBody: BodyOf = (fields) => ({
  ...selected(fields),
  vector: required(fields.sub('vectors'), 'vectors is expected').texts('names'),
})

export const setPayloadBody: BodyOf = (fields) =>
  given({ ...selected(fields), payload: jsonMap(fields, 'payload'), key: fields.text('key') })

export const deletePayloadBody: BodyOf = (fields) => ({ ...selected(fields), keys: fields.texts('keys') })

/** A change of points as one request. */
export function writeOf(body: BodyOf): (fields: Fields) => RestRequest {
  return (fields) => ({ query: writeQuery(fields), body: body(fields) })
}

const operations: Readonly<Record<string, readonly [name: string, body: BodyOf]>> = {
  upsert: ['upsert', upsertBody],
  delete_points: ['delete', selectionBody],
  delete_deprecated: ['delete', selectedBy],
  set_payload: ['set_payload', setPayloadBody],
  overwrite_payload: ['overwrite_payload', setPayloadBody],
  delete_payload: ['delete_payload', deletePayloadBody],
  clear_payload: ['clear_payload', selectionBody],
  clear_payload_deprecated: ['clear_payload', selectedBy],
  update_vectors: ['update_vectors', updateVectorsBody],
  delete_vectors: ['delete_vectors', deleteVectorsBody],
}

export const batchBody: BodyOf = (fields) => ({
  operations: fields.subs('operations').map((operation) => {
    const kind = required(operation.which(...Object.keys(operations)), 'Operation is missing')
    const [name, body] = operations[kind]!
    return { [name]: body(operation.sub(kind)!) }
  }),
})
