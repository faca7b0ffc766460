import type { JsonObject, JsonValue } from '../../../../index.ts'
import type { RestRequest } from '../rest-request.ts'
import { readSettings } from '../settings/read.ts'
import { malformed } from '../status.ts'
import { readQuery, required } from './calls.ts'
import type { Fields } from './fields.ts'
import { filterOf } from './filters.ts'
import { given, pointIdOf, shardKeysOf, timestampOf, withPayloadOf, withVectorsOf } from './values.ts'
import { vectorOf } from './vectors.ts'

export type BodyOf = (fields: Fields) => JsonObject

/** A read of points as one request. */
export function readOf(body: BodyOf): (fields: Fields) => RestRequest {
  return (fields) => ({ query: readQuery(fields), body: body(fields) })
}

/** Several reads in one request, which stand in the field `name`. */
export function batchOf(name: string, body: BodyOf): BodyOf {
  return (fields) => ({ searches: fields.subs(name).map(body) })
}

/** What most reads have. */
export function shownOf(fields: Fields): JsonObject {
  return given({
    with_payload: withPayloadOf(fields.sub('with_payload')),
    with_vector: withVectorsOf(fields.sub('with_vectors')),
    shard_key: shardKeysOf(fields.sub('shard_key_selector')),
  })
}

export const retrieveBody: BodyOf = (fields) => ({
  ids: fields.subs('ids').map(pointIdOf),
  ...shownOf(fields),
})

export const scrollBody: BodyOf = (fields) => {
  const offset = fields.sub('offset')
  const order = fields.sub('order_by')
  return given({
    offset: offset && pointIdOf(offset),
    limit: fields.integer('limit'),
    filter: filterOf(fields.sub('filter')),
    order_by: order && orderByOf(order),
    ...shownOf(fields),
  })
}

export function orderByOf(order: Fields): JsonObject {
  const direction = order.variant('direction')
  return given({
    key: order.words('key'),
    direction: direction === undefined ? undefined : ['asc', 'desc'][direction],
    start_from: startOf(order.sub('start_from')),
  })
}

function startOf(start: Fields | undefined): JsonValue | undefined {
  if (start === undefined) return undefined
  const time = start.sub('timestamp')
  if (time !== undefined) return timestampOf(time)
  return start.text('datetime') ?? start.integer('integer') ?? start.float('float')
}

export const countBody: BodyOf = (fields) =>
  given({
    filter: filterOf(fields.sub('filter')),
    exact: fields.flag('exact'),
    shard_key: shardKeysOf(fields.sub('shard_key_selector')),
  })

export const facetBody: BodyOf = (fields) =>
  given({
    key: fields.words('key'),
    filter: filterOf(fields.sub('filter')),
    limit: fields.integer('limit'),
    exact: fields.flag('exact'),
    shard_key: shardKeysOf(fields.sub('shard_key_selector')),
  })

export const matrixBody: BodyOf = (fields) =>
  given({
    filter: filterOf(fields.sub('filter')),
    sample: fields.integer('sample'),
    limit: fields.integer('limit'),
    using: fields.text('using'),
    shard_key: shardKeysOf(fields.sub('shard_key_selector')),
  })

export function searchParamsOf(params: Fields | undefined): JsonObject | undefined {
  if (params === undefined) return undefined
  const { idf: _idf, ...others } = readSettings('SearchParams', params)
  const idf = params.sub('idf')
  if (idf === undefined) return others
  const corpus = filterOf(idf.sub('corpus'))
  return { ...others, idf: corpus === undefined ? 'global' : { corpus } }
}

export function lookupFromOf(location: Fields | undefined): JsonObject | undefined {
  if (location === undefined) return undefined
  return given({
    collection: location.words('collection_name'),
    vector: location.text('vector_name'),
    shard_key: shardKeysOf(location.sub('shard_key_selector')),
  })
}

/** The fields of requests for groups. */
export function groupsOf(fields: Fields): JsonObject {
  const lookup = fields.sub('with_lookup')
  return given({
    group_by: fields.words('group_by'),
    group_size: fields.integer('group_size'),
    limit: fields.integer('limit'),
    with_lookup:
      lookup &&
      given({
        collection: lookup.words('collection'),
        with_payload: withPayloadOf(lookup.sub('with_payload')),
        with_vectors: withVectorsOf(lookup.sub('with_vectors')),
      }),
  })
}

/** What the searches that came before queries have in common. */
function searchOf(fields: Fields): JsonObject {
  return given({
    filter: filterOf(fields.sub('filter')),
    params: searchParamsOf(fields.sub('params')),
    score_threshold: fields.float('score_threshold'),
    offset: fields.integer('offset'),
    ...shownOf(fields),
  })
}

export const searchBody: BodyOf = (fields) => ({
  vector: searchedVector(fields),
  limit: fields.count('limit'),
  ...searchOf(fields),
})

export const searchGroupsBody: BodyOf = (fields) => ({
  vector: searchedVector(fields),
  ...searchOf(fields),
  ...withGroups(fields),
})

/** Here the counts can not be left out, so zero is what was asked for. */
const withGroups: BodyOf = (fields) => ({
  ...groupsOf(fields),
  group_size: fields.count('group_size'),
  limit: fields.count('limit'),
})

function searchedVector(fields: Fields): JsonValue {
  const values = fields.floats('vector')
  const name = fields.text('vector_name')
  const indices = fields.sub('sparse_indices')
  if (indices === undefined) return name === undefined ? values : { name, vector: values }
  if (name === undefined) throw malformed('Sparse vector must have a name specified')
  return { name, vector: { indices: indices.integers('data'), values } }
}

const strategies = ['average_vector', 'best_score', 'sum_scores']

export function strategyOf(fields: Fields): string | undefined {
  const number = fields.variant('strategy')
  if (number === undefined) return undefined
  return required(strategies[number], `Unknown recommend strategy: ${number}`)
}

export const recommendBody: BodyOf = (fields) => ({
  ...given({
    positive: examplesOf(fields, 'positive'),
    negative: examplesOf(fields, 'negative'),
    strategy: strategyOf(fields),
    using: fields.text('using'),
    lookup_from: lookupFromOf(fields.sub('lookup_from')),
  }),
  limit: fields.count('limit'),
  ...searchOf(fields),
})

export const recommendGroupsBody: BodyOf = (fields) => ({ ...recommendBody(fields), ...withGroups(fields) })

function examplesOf(fields: Fields, name: string): readonly JsonValue[] {
  return [...fields.subs(name).map(pointIdOf), ...fields.subs(`${name}_vectors`).map(vectorOf)]
}

export const discoverBody: BodyOf = (fields) => {
  const target = fields.sub('target')
  return {
    ...given({
      target: target && exampleOf(required(target.sub('single'), 'Target vector is malformed')),
      context: fields.subs('context').map((pair) => ({
        positive: exampleOf(required(pair.sub('positive'), 'No positive part of context pair provided')),
        negative: exampleOf(required(pair.sub('negative'), 'No negative part of context pair provided')),
      })),
      using: fields.text('using'),
      lookup_from: lookupFromOf(fields.sub('lookup_from')),
    }),
    limit: fields.count('limit'),
    ...searchOf(fields),
  }
}

function exampleOf(example: Fields): JsonValue {
  const id = example.sub('id')
  if (id !== undefined) return pointIdOf(id)
  return vectorOf(required(example.sub('vector'), 'No vector provided'))
}
