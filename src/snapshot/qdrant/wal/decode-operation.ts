import type { VectorInput } from '../../../collection/types.ts'
import type { JsonObject } from '../../../encoding/json.ts'
import { isPayloadPath } from '../../../query/payload-path.ts'
import { FloatList, type CborMap, type CborValue } from './cbor.ts'
import {
  checkFields,
  idOf,
  idsOf,
  isMap,
  jsonOf,
  listOf,
  mapOf,
  numbersOf,
  OperationError,
  payloadOf,
  textOf,
} from './cbor-fields.ts'
import type { WalOperation, WalPoint, WalVectors } from './operations.ts'

/**
 * The operation of an entry: a map of its name and what it takes, beside which only the clock of a cluster may stand.
 * What is not known to be understood in full is refused, as leaving it out would lose writes.
 * @throws OperationError
 */
export function decodeOperation(value: CborValue): WalOperation {
  const map = mapOf(value, 'the entry')
  const names = Object.keys(map).filter((name) => name !== 'clock_tag')
  const [name] = names
  if (name === undefined || names.length > 1)
    throw new OperationError(`it names ${names.length} operations: ${JSON.stringify(names.slice(0, 8))}`)
  const decode = Object.hasOwn(operations, name) ? operations[name] : undefined
  if (decode === undefined) throw new OperationError(`the operation ${JSON.stringify(name)} is not known`)
  return decode(map[name]!)
}

const operations: Readonly<Record<string, (value: CborValue) => WalOperation>> = {
  upsert_points: (value) => ({ op: 'upsert', points: upsertedPoints(mapOf(value, 'upsert_points')) }),
  delete_points(value) {
    const map = mapOf(value, 'delete_points')
    checkFields(map, ['ids'], 'delete_points')
    return { op: 'delete', ids: idsOf(map['ids']) }
  },
  set_payload(value) {
    const { ids, payload, key } = payloadChange(value, 'set_payload')
    if (key === null || key === undefined) return { op: 'set-payload', ids, payload }
    return { op: 'set-payload', ids, payload, path: pathOf(key) }
  },
  overwrite_payload(value) {
    const { ids, payload, key } = payloadChange(value, 'overwrite_payload')
    if (key !== null && key !== undefined) throw new OperationError('overwrite_payload has a key')
    return { op: 'overwrite-payload', ids, payload }
  },
  delete_payload(value) {
    const map = mapOf(value, 'delete_payload')
    checkFields(map, ['keys', 'points'], 'delete_payload')
    const paths = listOf(map['keys'], 'the list of keys').map((key) => pathOf(key))
    return { op: 'delete-payload', ids: idsOf(map['points']), paths }
  },
  clear_payload(value) {
    const map = mapOf(value, 'clear_payload')
    checkFields(map, ['points'], 'clear_payload')
    return { op: 'clear-payload', ids: idsOf(map['points']) }
  },
  update_vectors(value) {
    const map = mapOf(value, 'update_vectors')
    checkFields(map, ['points'], 'update_vectors')
    const points = listOf(map['points'], 'the list of points').map((one) => {
      const point = mapOf(one, 'a point')
      checkFields(point, ['id', 'vector'], 'a point')
      return { id: idOf(point['id']), vectors: vectorsOf(point['vector']) }
    })
    return { op: 'update-vectors', points }
  },
  delete_vectors(value) {
    const pair = listOf(value, 'delete_vectors')
    if (pair.length !== 2) throw new OperationError('delete_vectors is no pair of points and names')
    const points = mapOf(pair[0], 'the points of delete_vectors')
    checkFields(points, ['points'], 'delete_vectors')
    const names = listOf(pair[1], 'the list of names').map((name) => textOf(name, 'a vector name'))
    return { op: 'delete-vectors', ids: idsOf(points['points']), names }
  },
  create_vector_name(value) {
    const map = mapOf(value, 'create_vector_name')
    checkFields(map, ['vector_name', 'config'], 'create_vector_name')
    const config = jsonOf(
      mapOf(map['config'], 'the config of a vector'),
      'the config of a vector',
    ) as JsonObject
    return { op: 'create-vector', name: textOf(map['vector_name'], 'a vector name'), config }
  },
  delete_vector_name(value) {
    const map = mapOf(value, 'delete_vector_name')
    checkFields(map, ['vector_name'], 'delete_vector_name')
    return { op: 'delete-vector', name: textOf(map['vector_name'], 'a vector name') }
  },
  create_index(value) {
    const map = mapOf(value, 'create_index')
    checkFields(map, ['field_name', 'field_schema'], 'create_index')
    const schema = jsonOf(map['field_schema'] ?? null, 'the schema of an index')
    return { op: 'create-index', field: pathOf(map['field_name']), schema }
  },
  delete_index: (value) => ({ op: 'delete-index', field: pathOf(value) }),
}

function payloadChange(
  value: CborValue,
  what: string,
): Pick<Extract<WalOperation, { op: 'overwrite-payload' }>, 'ids' | 'payload'> & {
  readonly key: CborValue | undefined
} {
  const map = mapOf(value, what)
  // A filter is not among them: it would have been resolved.
  checkFields(map, ['payload', 'points', 'key'], what)
  return { ids: idsOf(map['points']), payload: payloadOf(map['payload']), key: map['key'] }
}

function pathOf(value: CborValue | undefined): string {
  const path = textOf(value, 'a payload key')
  if (isPayloadPath(path)) return path
  throw new OperationError(`the payload key ${JSON.stringify(path.slice(0, 256))} is malformed`)
}

function upsertedPoints(map: CborMap): WalPoint[] {
  if (Object.hasOwn(map, 'batch')) {
    checkFields(map, ['batch'], 'upsert_points')
    return pointsOfBatch(mapOf(map['batch'], 'a batch'))
  }
  checkFields(map, ['points'], 'upsert_points')
  return listOf(map['points'], 'the list of points').map((one) => {
    const point = mapOf(one, 'a point')
    checkFields(point, ['id', 'vector', 'payload'], 'a point')
    return {
      id: idOf(point['id']),
      vectors: vectorsOf(point['vector']),
      payload: payloadOf(point['payload']),
    }
  })
}

/** Columns of equal length. */
function pointsOfBatch(batch: CborMap): WalPoint[] {
  checkFields(batch, ['ids', 'vectors', 'payloads'], 'a batch')
  const ids = idsOf(batch['ids'])
  const given = batch['payloads']
  const payloads =
    given === null || given === undefined ? undefined : listOf(given, 'the payloads of a batch')
  if (payloads !== undefined) checkLength(payloads.length, ids.length, 'payloads')
  const vectors = columnsOf(batch['vectors'], ids.length)
  return ids.map((id, index) => ({
    id,
    vectors: Object.fromEntries(
      vectors
        .map(([name, values]) => [name, values[index]!] as const)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => [name, vectorOf(value)]),
    ),
    payload: payloadOf(payloads?.[index]),
  }))
}

function columnsOf(
  value: CborValue | undefined,
  length: number,
): (readonly [string, readonly CborValue[]])[] {
  const columns = isMap(value)
    ? Object.entries(value).map(([name, column]) => [name, listOf(column, 'the vectors of a batch')] as const)
    : [['', listOf(value, 'the vectors of a batch')] as const]
  for (const [, column] of columns) checkLength(column.length, length, 'vectors')
  return columns
}

function checkLength(actual: number, expected: number, what: string): void {
  if (actual !== expected) throw new OperationError(`a batch has ${expected} ids and ${actual} ${what}`)
}

/** One vector without a name, or a map of named ones. */
function vectorsOf(value: CborValue | undefined): WalVectors {
  if (!isMap(value)) return { '': vectorOf(value) }
  const vectors: Record<string, VectorInput> = {}
  for (const name of Object.keys(value)) vectors[name] = vectorOf(value[name])
  return vectors
}

/** A list of numbers, a list of such lists, or indices and values. */
function vectorOf(value: CborValue | undefined): VectorInput {
  if (value instanceof FloatList) return numbersOf(value, 'a vector')
  if (isMap(value)) {
    checkFields(value, ['indices', 'values'], 'a sparse vector')
    return {
      indices: [...numbersOf(value['indices'], 'the indices of a sparse vector')],
      values: numbersOf(value['values'], 'the values of a sparse vector'),
    }
  }
  const list = listOf(value, 'a vector')
  const isRows = list.length > 0 && list.every((row) => row instanceof FloatList || Array.isArray(row))
  return isRows ? list.map((row) => numbersOf(row, 'a vector')) : numbersOf(value, 'a vector')
}
