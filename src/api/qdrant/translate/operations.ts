import type { Collection, JsonValue, PointId, WriteResult } from '../../../index.ts'
import {
  DecodeError,
  defaulted,
  isObject,
  list,
  memberOf,
  object,
  optional,
  required,
  struct,
  text,
  untagged,
  type Decoder,
} from '../decode.ts'
import { badRequest, invalid } from '../failures.ts'
import type { WriteFacts } from '../strict/write-facts.ts'
import { filterOf } from './filters.ts'
import { payloadPath } from './payload-path.ts'
import { pointId } from './point-id.ts'
import { checkUpsert, enginePoint, upsertOperation, type GivenUpsert } from './points.ts'
import { checkSelected, engineSelector, pointsSelector, type Selection } from './selector.ts'
import { shardKeys, writeScope } from './shard-key.ts'
import {
  checkVectors,
  engineVectors,
  knownVector,
  vectorStruct,
  type GivenVectors,
  type KnownVectors,
} from './vectors.ts'

/** A write that is understood and not done yet. */
export interface Operation {
  /** What strict mode judges it by. */
  readonly facts: WriteFacts
  /** What the validator says; `field` leads to the operation in a batch. @throws WireError 422 */
  check?(field: string): void
  /** @throws WireError and what the engine throws */
  perform(collection: Collection, known: KnownVectors): Promise<WriteResult>
}

export function upsertOf({ points, options, shardKeys: keys }: GivenUpsert): Operation {
  return {
    facts: { kind: 'upsert', pointCount: points.length, vectors: points.map(({ vector }) => vector) },
    perform: (collection, known) => {
      const scope = writeScope(collection, keys)
      if (points.length === 0) throw badRequest('Empty update request')
      const pointAt = (index: number) => enginePoint(points[index]!, known)
      return collection.upsertInSlices(points.length, pointAt, { ...options, ...scope })
    },
  }
}

/** An operation whose points are selected by id or by filter. */
function selected(
  selection: Selection,
  run: (
    collection: Collection,
    selector: ReturnType<typeof engineSelector>,
    scope: ReturnType<typeof writeScope>,
  ) => Promise<WriteResult>,
  kind: WriteFacts['kind'] = 'other',
): Operation {
  return {
    facts: factsOf(selection, kind),
    perform: (collection) => {
      const scope = writeScope(collection, selection.shard_key)
      return run(collection, engineSelector(selection), scope)
    },
  }
}

function factsOf({ points, filter }: Selection, kind: WriteFacts['kind']): WriteFacts {
  return { kind, pointCount: points?.length, filter }
}

/** Ids that do not exist are no fault of a deletion. */
export const deletePoints: Decoder<Operation> = (value) =>
  selected(pointsSelector(value), async (collection, selector, scope) => ({
    ...(await collection.delete(selector, scope)),
    missing: [],
  }))

export const clearPayload: Decoder<Operation> = (value) =>
  selected(pointsSelector(value), (collection, selector, scope) => collection.clearPayload(selector, scope))

const setPayloadStruct = struct('SetPayloadShadow', {
  payload: required(object),
  points: optional(list(pointId)),
  filter: optional(filterOf('filter')),
  shard_key: defaulted(shardKeys),
  key: defaulted(payloadPath),
})

export const setPayload: Decoder<Operation> = (value) => {
  const { payload, key, ...selection } = setPayloadStruct(value)
  checkSelected(selection)
  return selected(
    selection,
    (collection, selector, scope) =>
      collection.setPayload(selector, payload, { ...scope, ...(key === undefined ? {} : { path: key }) }),
    'set-payload',
  )
}

/** A key is accepted and means nothing: Qdrant replaces the whole payload all the same. */
export const overwritePayload: Decoder<Operation> = (value) => {
  const { payload, key: _key, ...selection } = setPayloadStruct(value)
  checkSelected(selection)
  return selected(
    selection,
    (collection, selector, scope) => collection.overwritePayload(selector, payload, scope),
    'set-payload',
  )
}

const deletePayloadStruct = struct('DeletePayloadShadow', {
  keys: required(list(payloadPath)),
  points: optional(list(pointId)),
  filter: optional(filterOf('filter')),
  shard_key: defaulted(shardKeys),
})

export const deletePayload: Decoder<Operation> = (value) => {
  const { keys, ...selection } = deletePayloadStruct(value)
  checkSelected(selection)
  return selected(selection, (collection, selector, scope) => collection.deletePayload(selector, keys, scope))
}

const pointVectors = struct('PointVectors', {
  id: required(pointId),
  vector: {
    ...required((value: JsonValue) => ({ vectors: vectorStruct(value), isNamed: isObject(value) })),
    also: ['vectors'],
  },
})

const updateVectorsStruct = struct('UpdateVectors', {
  points: required(list(pointVectors)),
  shard_key: defaulted(shardKeys),
  update_filter: defaulted(filterOf('update_filter')),
})

interface GivenUpdate {
  readonly id: PointId
  readonly vector: { readonly vectors: GivenVectors; readonly isNamed: boolean }
}

export const updateVectors: Decoder<Operation> = (value) => {
  const { points, shard_key: keys, update_filter: condition } = updateVectorsStruct(value)
  return {
    facts: {
      kind: 'update-vectors',
      pointCount: points.length,
      vectors: points.map(({ vector }) => vector.vectors),
    },
    check: (field) => checkUpdate(points, field),
    perform: (collection, known) => {
      const scope = writeScope(collection, keys)
      const inputs = points.map(({ id, vector }) => ({
        id,
        vectors: engineVectors(vector.vectors, known, false),
      }))
      return collection.updateVectors(inputs, { ...scope, ...(condition === undefined ? {} : { condition }) })
    },
  }
}

function checkUpdate(points: readonly GivenUpdate[], field: string): void {
  if (points.length === 0) throw invalid(`${field}points: must specify points to update`)
  points.forEach(({ vector: { vectors, isNamed } }, index) => {
    const at = `${field}points[${index}].vector`
    if (Object.keys(vectors).length === 0) throw invalid(`${at}: must specify vectors to update for point`)
    checkVectors(vectors, at, isNamed)
  })
}

const deleteVectorsStruct = struct('DeleteVectors', {
  points: optional(list(pointId)),
  filter: optional(filterOf('filter')),
  vector: required(list(text)),
  shard_key: defaulted(shardKeys),
})

export const deleteVectors: Decoder<Operation> = (value) => {
  const { vector: names, ...selection } = deleteVectorsStruct(value)
  return {
    facts: factsOf(selection, 'other'),
    check: (field) => {
      if (names.length === 0) throw invalid(`${field}vector: must specify vector names to delete`)
    },
    perform: (collection, known) => {
      const scope = writeScope(collection, selection.shard_key)
      if (selection.points === undefined && selection.filter === undefined) {
        throw badRequest('No filter or points provided')
      }
      for (const name of names) knownVector(known, name)
      return collection.deleteVectors(engineSelector(selection), names, scope)
    },
  }
}

const byName: Readonly<Record<string, Decoder<Operation>>> = {
  upsert: (value) => {
    const upsert = upsertOperation(value)
    return { ...upsertOf(upsert), check: () => checkUpsert(value, upsert) }
  },
  delete: deletePoints,
  set_payload: setPayload,
  overwrite_payload: overwritePayload,
  delete_payload: deletePayload,
  clear_payload: clearPayload,
  update_vectors: updateVectors,
  delete_vectors: deleteVectors,
}

/** The first of the known names counts; what stands beside it is left alone. */
const updateOperation = untagged<Operation & { readonly name: string }>(
  'UpdateOperation',
  ...Object.entries(byName).map(([name, decode]) => (value: JsonValue) => {
    const inner = isObject(value) ? memberOf(value, name) : undefined
    if (inner === undefined) throw new DecodeError('another operation', 'after')
    return { ...decode(inner), name }
  }),
)

const updateOperations = struct('UpdateOperations', { operations: required(list(updateOperation)) })

/** points/batch: all are understood and validated before the first is done. */
export const batchOperations: Decoder<readonly Operation[]> = (value) => updateOperations(value).operations

/** @throws WireError 422 */
export function checkBatch(operations: readonly (Operation & { readonly name?: string })[]): void {
  operations.forEach((operation, index) => operation.check?.(`operations[${index}].${operation.name ?? ''}.`))
}
