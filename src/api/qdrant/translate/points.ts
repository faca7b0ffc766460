import {
  type RawJson,
  type Filter,
  type JsonObject,
  type JsonValue,
  type PointId,
  type PointInput,
  type UpsertOptions,
} from '../../../index.ts'
import type { Loan } from '../../../runtime/kept-memory.ts'
import {
  buffered,
  DecodeError,
  describe,
  isObject,
  list,
  map,
  object,
  option,
  optional,
  required,
  struct,
  unknownVariant,
  untagged,
  type Decoder,
} from '../decode.ts'
import { invalid } from '../failures.ts'
import { parseText } from '../body.ts'
import { filterOf } from './filters.ts'
import { pointId } from './point-id.ts'
import { shardKeys, type ShardKeys } from './shard-key.ts'
import { readPoints } from './upsert-bytes.ts'
import {
  checkVectors,
  engineVectors,
  faultOf,
  oneVector,
  vectorStruct,
  type GivenVector,
  type GivenVectors,
  type KnownVectors,
} from './vectors.ts'

export interface GivenPoint {
  readonly id: PointId
  readonly vector: GivenVectors
  readonly payload: JsonObject | RawJson | undefined
}

/** A request to write points: understood, but not yet compared with a collection. */
export interface GivenUpsert {
  readonly points: readonly GivenPoint[]
  readonly options: UpsertOptions
  readonly shardKeys: ShardKeys | undefined
}

const pointStruct: Decoder<GivenPoint> = struct('PointStruct', {
  id: required(pointId),
  vector: { ...required(vectorStruct), also: ['vectors'] },
  payload: optional<JsonObject | RawJson>(object),
})

/**
 * The body of PUT /points. Vectors are read straight to floats, and the bytes of each payload are kept as they were sent, in
 * one pass: points look into them, and into what was taken from the loan. Text of another shape, and text with a fault, is parsed
 * exactly.
 */
export function decodeUpsert(bytes: Buffer, loan?: Loan): GivenUpsert | Promise<GivenUpsert> {
  const points = readPoints(bytes, loan)
  return points instanceof Promise
    ? points.then((found) => upsertOfPoints(found, bytes))
    : upsertOfPoints(points, bytes)
}

function upsertOfPoints(points: readonly GivenPoint[] | undefined, bytes: Buffer): GivenUpsert {
  if (points === undefined) return checkedUpsert(parseText(bytes.toString('utf8')))
  return { points, options: {}, shardKeys: undefined }
}

/** The same from a parsed body, with the checks of the validator. Errors have no position: Qdrant reads it twice. */
export function checkedUpsert(body: JsonValue): GivenUpsert {
  const upsert = upsertOperation(body)
  checkUpsert(body, upsert)
  return upsert
}

/** @throws WireError 422 */
export function checkUpsert(body: JsonValue, upsert: GivenUpsert): void {
  if (isColumns(body)) checkColumns(columnsStruct(body['batch']!))
  else checkPoints(body, upsert.points)
}

function isColumns(body: JsonValue): body is JsonObject {
  return isObject(body) && Object.hasOwn(body, 'batch')
}

function checkPoints(body: JsonValue, points: readonly GivenPoint[]): void {
  const given = isObject(body) ? (body['points'] as readonly JsonValue[]) : []
  points.forEach(({ vector }, index) => {
    const source = given[index]
    const isNamed = isObject(source) && isObject(source['vector'])
    checkVectors(vector, `points[${index}].vector`, isNamed)
  })
}

const updateModes = ['upsert', 'insert_only', 'update_only'] as const
const updateMode: Decoder<(typeof updateModes)[number]> = (value) => {
  if (typeof value !== 'string') {
    throw new DecodeError(`invalid type: ${describe(value)}, expected string or map`, 'after')
  }
  const mode = updateModes.find((variant) => variant === value)
  if (mode === undefined) throw unknownVariant(value, updateModes)
  return mode
}

function optionsOf(rest: {
  readonly shard_key: ShardKeys | undefined
  readonly update_filter: Filter | undefined
  readonly update_mode: (typeof updateModes)[number] | undefined
}): Omit<GivenUpsert, 'points'> {
  const mode = { insert_only: 'insert-only', update_only: 'update-only', upsert: 'upsert' } as const
  return {
    options: {
      ...(rest.update_mode === undefined ? {} : { mode: mode[rest.update_mode] }),
      ...(rest.update_filter === undefined ? {} : { condition: rest.update_filter }),
    },
    shardKeys: rest.shard_key,
  }
}

type Column = readonly GivenVector[]

interface Columns {
  readonly ids: readonly PointId[]
  /** By name; in the form without names the one column is `''`. */
  readonly vectors: Readonly<Record<string, Column>>
  readonly payloads: readonly (JsonObject | undefined)[] | undefined
}

const columnsOfVectors = untagged<Columns['vectors']>(
  'BatchVectorStruct',
  (value) => ({ '': list(bareVector)(value) }),
  (value) => map(list(oneVector))(value),
)

function bareVector(value: JsonValue): GivenVector {
  return vectorStruct(Array.isArray(value) ? value : null)['']!
}

const columnsStruct: Decoder<Columns> = struct('Batch', {
  ids: required(list(pointId)),
  vectors: required(columnsOfVectors),
  payloads: optional(list(option(object))),
})

const common = {
  shard_key: optional(shardKeys),
  update_filter: optional(filterOf('update_filter')),
  update_mode: optional(updateMode),
}

/** Errors point behind the whole, which Qdrant reads before it judges. */
export const upsertOperation: Decoder<GivenUpsert> = buffered((value) => {
  if (isColumns(value)) {
    const { batch, ...rest } = struct('PointsBatch', { batch: required(columnsStruct), ...common })(value)
    return { points: pointsOf(batch), ...optionsOf(rest) }
  }
  if (isObject(value) && Object.hasOwn(value, 'points')) {
    const { points, ...rest } = struct('PointsList', { points: required(list(pointStruct)), ...common })(
      value,
    )
    return { points, ...optionsOf(rest) }
  }
  throw new DecodeError('Invalid PointInsertOperations format', 'after')
})

function checkColumns({ ids, vectors, payloads }: Columns): void {
  for (const column of Object.values(vectors)) checkLength('vectors', ids.length, column.length)
  if (payloads !== undefined) checkLength('payloads', ids.length, payloads.length)
  for (const column of Object.values(vectors)) {
    for (const vector of column) {
      const fault = faultOf(vector)
      if (fault !== undefined) throw invalid(`batch.vectors.${fault}`)
    }
  }
}

function checkLength(what: string, ids: number, others: number): void {
  if (ids === others) return
  throw invalid(`batch.batch: number of ids and ${what} must be equal (${ids} != ${others})`)
}

function pointsOf({ ids, vectors, payloads }: Columns): GivenPoint[] {
  const named = Object.entries(vectors)
  return ids.map((id, i) => {
    const own = named.flatMap(([name, column]) =>
      column[i] === undefined ? [] : [[name, column[i]] as const],
    )
    return { id, vector: Object.fromEntries(own), payload: payloads?.[i] }
  })
}

/** @throws WireError 400 for names and sizes that are not the collection's */
export function enginePoint({ id, vector, payload }: GivenPoint, known: KnownVectors): PointInput {
  const vectors = engineVectors(vector, known, true)
  return payload === undefined ? { id, vectors } : { id, vectors, payload }
}
