import type { JsonValue } from '../../../../index.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { isObject } from '../body.ts'
import { wrongRows } from '../rest-error.ts'

const pairBytes = 8

/** @throws RestError 1804 */
export function floatsOf(value: JsonValue, field: string): Float32Array {
  if (!Array.isArray(value)) throw wrongRows(`the vector of ${field} is no list of numbers`)
  return Float32Array.from(value as readonly JsonValue[], (one) => {
    if (typeof one !== 'number' && typeof one !== 'bigint')
      throw wrongRows(`the vector of ${field} is no list of numbers`)
    return Number(one)
  })
}

/** A list of bytes, or base64. `low` is the smallest one. @throws RestError 1804 */
export function bytesOf(value: JsonValue, field: string, low: number): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'base64')
    if (bytes.toString('base64').replace(/=+$/, '') === value.replace(/=+$/, '')) return bytes
    throw wrongRows(`the vector of ${field} is no base64`)
  }
  if (!Array.isArray(value)) throw wrongRows(`the vector of ${field} is neither a list nor base64`)
  const isByte = (one: JsonValue): one is number =>
    typeof one === 'number' && Number.isInteger(one) && one >= low && one <= low + 255
  const list = value as readonly JsonValue[]
  if (!list.every(isByte))
    throw wrongRows(`the vector of ${field} has to be of integers from ${low} to ${low + 255}`)
  return Buffer.from(Uint8Array.from(list, (one) => one & 0xff))
}

/** `{"3": 0.5}` or `{"indices": [3], "values": [0.5]}`, as the pairs of the wire, by index. @throws RestError 1804 */
export function sparseBytes(value: JsonValue, field: string): Buffer {
  const pairs = sparsePairs(value, field).sort(([a], [b]) => a - b)
  const bytes = Buffer.alloc(pairs.length * pairBytes)
  pairs.forEach(([index, weight], at) => {
    bytes.writeUInt32LE(index, at * pairBytes)
    bytes.writeFloatLE(weight, at * pairBytes + 4)
  })
  return bytes
}

function sparsePairs(value: JsonValue, field: string): (readonly [index: number, weight: number])[] {
  const wrong = wrongRows(`the vector of ${field} is no sparse vector`)
  if (!isObject(value)) throw wrong
  const { indices, values } = value
  const isParted = Array.isArray(indices) && Array.isArray(values)
  if (isParted && indices.length !== values.length) throw wrong
  const entries: readonly (readonly [JsonValue, JsonValue | undefined])[] = isParted
    ? (indices as readonly JsonValue[]).map((index, at) => [index, (values as readonly JsonValue[])[at]])
    : Object.entries(value)
  return entries.map(([key, weight]) => {
    const index = Number(key)
    const isIndex = Number.isInteger(index) && index >= 0 && index < 2 ** 32
    if (!isIndex || (typeof weight !== 'number' && typeof weight !== 'bigint')) throw wrong
    return [index, Number(weight)]
  })
}

/** A placeholder of a search: its type, and the bytes of what is searched for. @throws RestError 1804 */
export function placeholderOf(
  values: readonly JsonValue[],
  field: { readonly name: string; readonly type: number },
): { readonly type: number; readonly values: readonly Buffer[] } {
  if (values.every((value) => typeof value === 'string') && !isOfBytes(field.type))
    return { type: dataTypes.VarChar, values: values.map((text) => Buffer.from(text)) }
  const { name, type } = field
  if (type === dataTypes.SparseFloatVector)
    return { type, values: values.map((value) => sparseBytes(value, name)) }
  if (isOfBytes(type))
    return {
      type,
      values: values.map((value) => bytesOf(value, name, type === dataTypes.Int8Vector ? -128 : 0)),
    }
  // Vectors of 16 bits are searched for with floats.
  const floats = values.map((value) => floatsOf(value, name))
  return { type: dataTypes.FloatVector, values: floats.map((one) => Buffer.from(one.buffer)) }
}

const isOfBytes = (type: number): boolean => type === dataTypes.BinaryVector || type === dataTypes.Int8Vector
