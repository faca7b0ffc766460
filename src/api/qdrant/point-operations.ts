import {
  RawJson,
  stringifyJson,
  type Collection,
  type JsonObject,
  type JsonValue,
  type VectorsInput,
  type WriteResult,
} from '../../index.ts'
import { array, isObject, object, optional, required, text } from './decode.ts'
import { translateFilter } from './translate/filter.ts'
import { checkPath, paths } from './translate/payload.ts'
import { pointId } from './translate/point-id.ts'
import { translatePoints, vectorsOf } from './translate/point-list.ts'
import { operationSelector, pointsSelector } from './translate/selector.ts'
import { formatError, notFound, validationError } from './failures.ts'

/** One write, translated and not yet done. */
export type Write = (collection: Collection) => Promise<WriteResult>

export function upsertWrite(body: JsonValue): Write {
  return (collection) => {
    const { points, options } = translatePoints(body, collection.info().config)
    return collection.upsert(points, options)
  }
}

export function deleteWrite(body: JsonValue): Write {
  const selector = pointsSelector(body)
  return async (collection) => ({ ...(await collection.delete(selector)), missing: [] })
}

export function setPayloadWrite(body: JsonValue): Write {
  const given = object(body, 'struct SetPayload')
  const payload = payloadOf(given)
  const path = optional(given['key'], (key) => checkPath(text(key)))
  const selector = operationSelector(given)
  return (collection) => collection.setPayload(selector, payload, path === undefined ? {} : { path })
}

export function overwritePayloadWrite(body: JsonValue): Write {
  const given = object(body, 'struct SetPayload')
  const payload = payloadOf(given)
  const selector = operationSelector(given)
  return (collection) => collection.overwritePayload(selector, payload)
}

function payloadOf(given: JsonObject): RawJson {
  return new RawJson(stringifyJson(object(required(given, 'payload'))))
}

export function deletePayloadWrite(body: JsonValue): Write {
  const given = object(body, 'struct DeletePayload')
  const keys = paths(required(given, 'keys'))
  const selector = operationSelector(given)
  return (collection) => collection.deletePayload(selector, keys)
}

export function clearPayloadWrite(body: JsonValue): Write {
  const selector = pointsSelector(body)
  return (collection) => collection.clearPayload(selector)
}

export function updateVectorsWrite(body: JsonValue): Write {
  const given = object(body, 'struct UpdateVectors')
  const points = array(required(given, 'points'))
  if (points.length === 0) throw validationError('points: must specify points to update')
  const condition = optional(given['update_filter'], (filter) => translateFilter(filter))
  return (collection) => {
    const { config } = collection.info()
    const inputs = points.map((point, i): VectorsInput => {
      const one = object(point, 'struct PointVectors')
      const id = pointId(required(one, 'id'))
      return { id, vectors: vectorsOf(required(one, 'vector'), config, `points[${i}].vector`) }
    })
    return collection.updateVectors(inputs, condition === undefined ? {} : { condition })
  }
}

export function deleteVectorsWrite(body: JsonValue): Write {
  const given = object(body, 'struct DeleteVectors')
  const names = array(required(given, 'vector')).map((name) => text(name))
  if (names.length === 0) throw validationError('vector: must specify vector names to delete')
  const selector = operationSelector(given)
  return (collection) => collection.deleteVectors(selector, names)
}

const operations: Readonly<Record<string, (body: JsonValue) => Write>> = {
  upsert: upsertWrite,
  delete: deleteWrite,
  set_payload: setPayloadWrite,
  overwrite_payload: overwritePayloadWrite,
  delete_payload: deletePayloadWrite,
  clear_payload: clearPayloadWrite,
  update_vectors: updateVectorsWrite,
  delete_vectors: deleteVectorsWrite,
}

/** The writes of points/batch, in order; all are understood before the first is done. */
export function batchWrites(body: JsonValue): Write[] {
  const list = array(required(object(body, 'struct UpdateOperations'), 'operations'))
  return list.map((operation) => {
    const name = isObject(operation)
      ? Object.keys(operations).find((key) => operation[key] !== undefined)
      : undefined
    if (name === undefined)
      throw formatError('data did not match any variant of untagged enum UpdateOperation')
    return operations[name]!((operation as JsonObject)[name]!)
  })
}

/** Does a write; ids that were named and do not exist are an error, the others are changed. */
export async function perform(collection: Collection, write: Write): Promise<WriteResult> {
  const result = await write(collection)
  if (result.missing.length > 0) throw notFound(`No point with id ${String(result.missing[0])} found`)
  return result
}
