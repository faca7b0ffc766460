import {
  parseJson,
  RawJson,
  stringifyJson,
  type CollectionConfig,
  type Filter,
  type JsonObject,
  type JsonValue,
  type PointInput,
  type UpsertOptions,
} from '../../../index.ts'
import { array, isObject, numberOf, object, optional } from '../decode.ts'
import { badRequest, formatError, validationError, wrongInput } from '../failures.ts'
import { translateFilter } from './filter.ts'
import { findPayloads } from './payload-spans.ts'
import { pointId } from './point-id.ts'

type Vectors = NonNullable<PointInput['vectors']>

export interface PointList {
  readonly points: readonly PointInput[]
  readonly options: UpsertOptions
}

const formatUnknown = 'Invalid PointInsertOperations format'
const vectorUnknown = 'data did not match any variant of untagged enum VectorStruct'

/**
 * The body of PUT /points. Vectors are parsed as plain doubles; the text of each payload is kept as it was sent, so
 * that 1.0, 1e3 and integers beyond 2^53 survive.
 */
export function translatePointsText(text: string, config: CollectionConfig): PointList {
  const spans = findPayloads(text)
  if (spans === undefined) return translatePoints(parseJson(text), config)
  const body = JSON.parse(text) as JsonObject
  const points = body['points'] as readonly JsonValue[]
  if (points.length !== spans.length) return translatePoints(parseJson(text), config)
  const list = points.map((point, i) => {
    const span = spans[i]!
    const payload = span.end > span.start ? new RawJson(text.slice(span.start, span.end)) : undefined
    return translatePoint(point, payload, config, i)
  })
  return { points: checkNotEmpty(list), options: upsertOptions(body) }
}

/** The same from a parsed body; also the `batch` form in columns. */
export function translatePoints(body: JsonValue, config: CollectionConfig): PointList {
  if (!isObject(body)) throw formatError(formatUnknown)
  const options = upsertOptions(body)
  if (isObject(body['batch']))
    return { points: checkNotEmpty(translateColumns(body['batch'], config)), options }
  if (body['points'] === undefined) throw formatError(formatUnknown)
  const points = array(body['points']).map((point, i) => translatePoint(point, undefined, config, i))
  return { points: checkNotEmpty(points), options }
}

function upsertOptions(body: JsonObject): UpsertOptions {
  const condition = optional(body['update_filter'], (filter): Filter => translateFilter(filter))
  const mode = body['update_mode']
  return {
    ...(mode === 'insert_only' ? { mode: 'insert-only' as const } : {}),
    ...(mode === 'update_only' ? { mode: 'update-only' as const } : {}),
    ...(condition === undefined ? {} : { condition }),
  }
}

function checkNotEmpty(points: PointInput[]): PointInput[] {
  if (points.length === 0) throw badRequest('Empty update request')
  return points
}

function translatePoint(
  value: JsonValue,
  raw: RawJson | undefined,
  config: CollectionConfig,
  index: number,
): PointInput {
  const point = object(value, 'struct PointStruct')
  if (point['id'] === undefined) throw formatError('missing field `id`')
  if (point['vector'] === undefined) throw formatError('missing field `vector`')
  const payload = raw ?? payloadOf(point['payload'])
  return {
    id: pointId(point['id']),
    vectors: vectorsOf(point['vector'], config, `points[${index}].vector`),
    ...(payload === undefined ? {} : { payload }),
  }
}

function payloadOf(value: JsonValue | undefined): RawJson | undefined {
  const payload = optional(value, (given) => object(given))
  return payload === undefined ? undefined : new RawJson(stringifyJson(payload))
}

/** A bare list is the unnamed vector; an object has vectors by name. @throws WireError with Qdrant's wording */
export function vectorsOf(value: JsonValue | undefined, config: CollectionConfig, place: string): Vectors {
  if (Array.isArray(value)) {
    const list = value as readonly JsonValue[]
    if (list.length === 0) throw validationError(`${place}.vector: dense vector must not be empty`)
    checkVector('', list, config)
    return { '': list as readonly number[] }
  }
  if (!isObject(value)) throw formatError(vectorUnknown)
  const vectors: Record<string, readonly number[]> = {}
  for (const name of Object.keys(value)) {
    const vector = value[name]
    if (isObject(vector) && 'indices' in vector)
      throw wrongInput('Conversion between sparse and regular vectors failed')
    if (!Array.isArray(vector)) throw formatError(vectorUnknown)
    checkVector(name, vector as readonly JsonValue[], config)
    vectors[name] = vector as readonly number[]
  }
  return vectors
}

function checkVector(name: string, list: readonly JsonValue[], config: CollectionConfig): void {
  for (const component of list) {
    if (typeof component === 'number') continue
    if (Array.isArray(component)) throw wrongInput('Conversion between multi and regular vectors failed')
    if (numberOf(component) === undefined) throw formatError(vectorUnknown)
  }
  const params = Object.hasOwn(config.vectors, name) ? config.vectors[name] : undefined
  if (params === undefined) throw wrongInput(`Not existing vector name error: ${name}`)
  if (list.length !== params.size) {
    throw wrongInput(`Vector dimension error: expected dim: ${params.size}, got ${list.length}`)
  }
}

function translateColumns(batch: JsonObject, config: CollectionConfig): PointInput[] {
  if (batch['ids'] === undefined) throw formatError('missing field `ids`')
  if (batch['vectors'] === undefined) throw formatError('missing field `vectors`')
  const ids = array(batch['ids']).map((id) => pointId(id))
  const payloads = optional(batch['payloads'], (list) => array(list))
  const rows = columnVectors(batch['vectors'])
  checkLength('vectors', ids.length, rows.length)
  if (payloads !== undefined) checkLength('payloads', ids.length, payloads.length)
  return ids.map((id, i) => {
    const payload = payloadOf(payloads?.[i])
    const vectors = vectorsOf(rows[i], config, `batch.vectors[${i}]`)
    return { id, vectors, ...(payload === undefined ? {} : { payload }) }
  })
}

function checkLength(what: string, ids: number, others: number): void {
  if (ids === others) return
  throw validationError(`batch.batch: number of ids and ${what} must be equal (${ids} != ${others})`)
}

/** One vector value per point, from a list or from lists by name. */
function columnVectors(value: JsonValue): readonly JsonValue[] {
  if (Array.isArray(value)) return value as readonly JsonValue[]
  const named = Object.entries(object(value)).map(([name, list]) => [name, array(list)] as const)
  const count = Math.max(0, ...named.map(([, list]) => list.length))
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(named.filter(([, list]) => i < list.length).map(([name, list]) => [name, list[i]!])),
  )
}
