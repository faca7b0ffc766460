import { BufferReader, BufferWriter, type Type } from 'protobufjs'

// 64-bit integers are bigints on our side. protobufjs has objects for them (and its types say so); the code that it
// generates only hands them on, so reader and writer decide.

type Long = ReturnType<BufferReader['int64']>

const halves = new Uint32Array(2)
const signed = new BigInt64Array(halves.buffer)
const unsigned = new BigUint64Array(halves.buffer)

/** Puts the two halves where the arrays above see them as one. */
function join(long: Long): void {
  halves[0] = long.low
  halves[1] = long.high
}

/** Reads 64-bit integers as bigints, and leaves out fields that are not defined. */
export class ExactReader extends BufferReader {
  override discardUnknown = true

  override int64(): Long {
    join(super.int64())
    return signed[0] as unknown as Long
  }

  override uint64(): Long {
    join(super.uint64())
    return unsigned[0] as unknown as Long
  }
}

type Integer = bigint | number | string | Long

/** What protobufjs writes exactly: a number as far as they go, and the two halves beyond. */
function writable(value: Integer): Long {
  if (typeof value !== 'bigint') return value as Long
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number as unknown as Long
  signed[0] = BigInt.asIntN(64, value)
  return { low: halves[0]! | 0, high: halves[1]! | 0, unsigned: value >= 0n }
}

/** Writes bigints, numbers and texts of digits as 64-bit integers, and Float32Arrays as they stand. */
export class ExactWriter extends BufferWriter {
  override int64(value: Integer): this {
    super.int64(writable(value))
    return this
  }

  override uint64(value: Integer): this {
    super.uint64(writable(value))
    return this
  }

  override int64s(values: readonly Integer[]): this {
    super.int64s(values.map(writable))
    return this
  }

  override uint64s(values: readonly Integer[]): this {
    super.uint64s(values.map(writable))
    return this
  }

  override floats(values: number[] | Float32Array): this {
    if (values instanceof Float32Array) {
      this.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
      return this
    }
    super.floats(values)
    return this
  }
}

const noBytes = new Uint8Array()

/** Sets what reads as a field that was not set: 0n for a 64-bit integer, no bytes, null for one of a choice. */
export function setAbsentValues(type: Type): void {
  const prototype = type.ctor.prototype as Record<string, unknown>
  for (const field of type.fieldsArray) {
    const isInteger = field.type === 'int64' || field.type === 'uint64'
    if (field.partOf !== null) prototype[field.name] = null
    else if (field.repeated || field.map) continue
    else if (isInteger) prototype[field.name] = 0n
    else if (field.type === 'bytes') prototype[field.name] = noBytes
  }
}
