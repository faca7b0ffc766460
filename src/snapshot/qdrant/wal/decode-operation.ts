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
import type { FilteredChange, UpsertMode, WalOperation, WalPoint, WalVectors } from './operations.ts'

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
  delete_points_by_filter: (value) => byFilter(value, { op: 'delete' }),
  upsert_points_conditional(value) {
    const map = mapOf(value, 'upsert_points_conditional')
    checkFields(map, ['points_op', 'condition', 'update_mode'], 'upsert_points_conditional')
    return {
      op: 'upsert-if',
      points: upsertedPoints(mapOf(map['points_op'], 'points_op')),
      condition: filterOf(map['condition']),
      mode: modeOf(map['update_mode']),
    }
  },
  set_payload(value) {
    const { map, payload } = payloadChange(value, 'set_payload')
    const { key } = map
    const isWhole = key === null || key === undefined
    return selected(map, { op: 'set-payload', payload, ...(isWhole ? {} : { path: pathOf(key) }) })
  },
  overwrite_payload(value) {
    const { map, payload } = payloadChange(value, 'overwrite_payload')
    const { key } = map
    if (key !== null && key !== undefined) throw new OperationError('overwrite_payload has a key')
    return selected(map, { op: 'overwrite-payload', payload })
  },
  delete_payload(value) {
    const map = mapOf(value, 'delete_payload')
    checkFields(map, ['keys', 'points', 'filter'], 'delete_payload')
    const paths = listOf(map['keys'], 'the list of keys').map((key) => pathOf(key))
    return selected(map, { op: 'delete-payload', paths })
  },
  clear_payload(value) {
    const map = mapOf(value, 'clear_payload')
    checkFields(map, ['points'], 'clear_payload')
    return { op: 'clear-payload', ids: idsOf(map['points']) }
  },
  clear_payload_by_filter: (value) => byFilter(value, { op: 'clear-payload' }),
  update_vectors(value) {
    const map = mapOf(value, 'update_vectors')
    checkFields(map, ['points', 'update_filter'], 'update_vectors')
    const condition = map['update_filter']
    const points = listOf(map['points'], 'the list of points').map((one) => {
      const point = mapOf(one, 'a point')
      checkFields(point, ['id', 'vector'], 'a point')
      return { id: idOf(point['id']), vectors: vectorsOf(point['vector']) }
    })
    if (condition === null || condition === undefined) return { op: 'update-vectors', points }
    return { op: 'update-vectors', points, condition: filterOf(condition) }
  },
  delete_vectors(value) {
    const pair = listOf(value, 'delete_vectors')
    if (pair.length !== 2) throw new OperationError('delete_vectors is no pair of points and names')
    const points = mapOf(pair[0], 'the points of delete_vectors')
    checkFields(points, ['points'], 'delete_vectors')
    const names = listOf(pair[1], 'the list of names').map((name) => textOf(name, 'a vector name'))
    return { op: 'delete-vectors', ids: idsOf(points['points']), names }
  },
  delete_vectors_by_filter(value) {
    const pair = listOf(value, 'delete_vectors_by_filter')
    if (pair.length !== 2)
      throw new OperationError('delete_vectors_by_filter is no pair of a filter and names')
    const names = listOf(pair[1], 'the list of names').map((name) => textOf(name, 'a vector name'))
    return byFilter(pair[0], { op: 'delete-vectors', names })
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
): { readonly map: CborMap; readonly payload: JsonObject } {
  const map = mapOf(value, what)
  checkFields(map, ['payload', 'points', 'filter', 'key'], what)
  return { map, payload: payloadOf(map['payload']) }
}

/** Of the points that are listed; the filter counts where none are. */
function selected(
  { points, filter }: CborMap,
  change: Exclude<FilteredChange, { op: 'delete' | 'clear-payload' | 'delete-vectors' }>,
): WalOperation {
  if (points !== null && points !== undefined) return { ...change, ids: idsOf(points) }
  return byFilter(filter, change)
}

function byFilter(filter: CborValue | undefined, change: FilteredChange): WalOperation {
  return { op: 'by-filter', filter: filterOf(filter), change }
}

function filterOf(value: CborValue | undefined): JsonObject {
  const map = mapOf(value, 'a filter')
  return jsonOf(withTextIds(map), 'a filter') as JsonObject
}

/** The log has UUIDs as bytes, which nothing else in a filter is. */
function withTextIds(value: CborValue): CborValue {
  if (value instanceof Uint8Array) return String(idOf(value))
  if (Array.isArray(value)) return (value as readonly CborValue[]).map((one) => withTextIds(one))
  if (!isMap(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withTextIds(member)]))
}

function modeOf(value: CborValue | undefined): UpsertMode {
  if (value === null || value === undefined) return 'upsert'
  const mode = textOf(value, 'the mode of an upsert')
  if (mode === 'upsert' || mode === 'insert_only' || mode === 'update_only') return mode
  throw new OperationError(`the mode of an upsert is ${JSON.stringify(mode)}, which is not known`)
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
