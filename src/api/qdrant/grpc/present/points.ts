import type { JsonObject, JsonValue } from '../../../../index.ts'
import { isArray, isObject, memberOf, numberOf } from '../../decode.ts'
import type { Message } from '../wire/messages.ts'
import { integerMessage, messageMap, pointIdMessage } from './values.ts'

type Present = (result: JsonValue) => Message

const itemsOf = (value: JsonValue | undefined): readonly JsonValue[] => (isArray(value) ? value : [])

function membersOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {}
}

/** A point that was read. */
export const retrievedPoint: Present = (point) => {
  const members = membersOf(point)
  const vector = memberOf(members, 'vector')
  const order = memberOf(members, 'order_value')
  const shardKey = memberOf(members, 'shard_key')
  return {
    id: pointIdMessage(members['id']!),
    payload: messageMap(members['payload']),
    ...(vector === undefined ? {} : { vectors: vectorsMessage(vector) }),
    ...(shardKey === undefined ? {} : { shard_key: shardKeyMessage(shardKey) }),
    ...(order === undefined ? {} : { order_value: orderMessage(order) }),
  }
}

/** A point that was found. */
export const scoredPoint: Present = (point) => {
  const members = membersOf(point)
  return {
    ...retrievedPoint(point),
    score: numberOf(members['score']) ?? 0,
    version: integerMessage(members['version']),
  }
}

export const scoredPoints = (points: JsonValue | undefined): readonly Message[] =>
  itemsOf(points).map(scoredPoint)

export const retrievedPoints = (points: JsonValue | undefined): readonly Message[] =>
  itemsOf(points).map(retrievedPoint)

function orderMessage(value: JsonValue): Message {
  const isInteger = typeof value === 'bigint' || Number.isSafeInteger(value)
  return isInteger ? { int: integerMessage(value) } : { float: numberOf(value) ?? 0 }
}

export function shardKeyMessage(key: JsonValue): Message {
  return typeof key === 'string' ? { keyword: key } : { number: integerMessage(key) }
}

/** One vector without a name, or several by name. */
export function vectorsMessage(vector: JsonValue): Message {
  if (isArray(vector)) return { vector: vectorMessage(vector) }
  const named = membersOf(vector)
  const vectors = Object.keys(named).map((name) => [name, vectorMessage(named[name]!)] as const)
  return { vectors: { vectors: Object.fromEntries(vectors) } }
}

function vectorMessage(vector: JsonValue): Message {
  if (isArray(vector)) {
    if (isArray(vector[0])) {
      return { multi_dense: { vectors: vector.map((row) => ({ data: floatsOf(row) })) } }
    }
    return { dense: { data: floatsOf(vector) } }
  }
  const { indices, values } = membersOf(vector)
  return { sparse: { indices: itemsOf(indices).map((index) => Number(index)), values: floatsOf(values) } }
}

/** What is no JSON number was no number before. */
function floatsOf(values: JsonValue | undefined): readonly number[] {
  return itemsOf(values).map((value) => (typeof value === 'number' ? value : (numberOf(value) ?? Number.NaN)))
}

function groupId(id: JsonValue): Message {
  if (typeof id === 'string') return { string_value: id }
  const isNegative = typeof id === 'bigint' ? id < 0n : Number(id) < 0
  return isNegative ? { integer_value: integerMessage(id) } : { unsigned_value: integerMessage(id) }
}

export const groupsResult: Present = (result) => ({
  groups: itemsOf(membersOf(result)['groups']).map((group) => {
    const { id, hits, lookup } = membersOf(group)
    const found = lookup === undefined || lookup === null ? {} : { lookup: retrievedPoint(lookup) }
    return { id: groupId(id!), hits: scoredPoints(hits), ...found }
  }),
})

export const facetHits = (result: JsonValue): readonly Message[] =>
  itemsOf(membersOf(result)['hits']).map((hit) => {
    const { value, count } = membersOf(hit)
    return { value: facetValue(value!), count: integerMessage(count) }
  })

function facetValue(value: JsonValue): Message {
  if (typeof value === 'string') return { string_value: value }
  return typeof value === 'boolean' ? { bool_value: value } : { integer_value: integerMessage(value) }
}

export const matrixPairs: Present = (result) => ({
  pairs: itemsOf(membersOf(result)['pairs']).map((pair) => {
    const { a, b, score } = membersOf(pair)
    return { a: pointIdMessage(a!), b: pointIdMessage(b!), score: numberOf(score) ?? 0 }
  }),
})

export const matrixOffsets: Present = (result) => {
  const { offsets_row: rows, offsets_col: columns, scores, ids } = membersOf(result)
  return {
    offsets_row: itemsOf(rows).map(integerMessage),
    offsets_col: itemsOf(columns).map(integerMessage),
    scores: floatsOf(scores),
    ids: itemsOf(ids).map(pointIdMessage),
  }
}

const updateStatuses = ['unknown', 'acknowledged', 'completed', 'clock_rejected', 'wait_timeout']

export const updateResult: Present = (result) => {
  const members = membersOf(result)
  const operation = memberOf(members, 'operation_id')
  return {
    ...(operation === undefined ? {} : { operation_id: integerMessage(operation) }),
    status: Math.max(
      0,
      updateStatuses.findIndex((status) => status === members['status']),
    ),
  }
}

export const updateResults = (results: JsonValue): readonly Message[] => itemsOf(results).map(updateResult)
