import { JsonNumber, parseJson, type JsonObject, type JsonValue } from '../../../encoding/json.ts'
import type { CborSink } from '../wal/write-cbor.ts'

const integerMin = -(2n ** 63n)
const integerMax = 2n ** 64n - 1n
/** Qdrant reads its log to a depth of 127, and a payload stands five deep in it; ours stay a little below. */
export const payloadDepthMax = 120

/** Why a payload cannot stand in an archive. */
export class PayloadRefused extends Error {}

/**
 * A payload as it is stored. Numbers become what Qdrant makes of them: integers from -2^63 up to 2^64 - 1 stay, everything
 * else is the nearest double. @throws PayloadRefused
 */
export function encodePayload(sink: CborSink, payload: Uint8Array): void {
  if (payload.byteLength === 0) return sink.null()
  encodeValue(sink, parsed(payload), 0)
}

function parsed(payload: Uint8Array): JsonValue {
  try {
    return parseJson(payload)
  } catch (error) {
    throw new PayloadRefused(error instanceof Error ? error.message : String(error))
  }
}

function encodeValue(sink: CborSink, value: JsonValue, depth: number): void {
  switch (typeof value) {
    case 'string':
      return sink.text(value)
    case 'number':
      // A number that is no safe integer was written with an exponent or a fraction.
      return Number.isSafeInteger(value) ? sink.integer(value) : sink.float(value)
    case 'boolean':
      return sink.boolean(value)
    case 'bigint':
      return value >= integerMin && value <= integerMax ? sink.integer(value) : sink.float(Number(value))
    default:
      return value === null ? sink.null() : encodeNested(sink, value, depth + 1)
  }
}

function encodeNested(
  sink: CborSink,
  value: JsonNumber | readonly JsonValue[] | JsonObject,
  depth: number,
): void {
  if (value instanceof JsonNumber) return sink.float(value.valueOf())
  if (depth > payloadDepthMax) throw new PayloadRefused(`it is nested more than ${payloadDepthMax} deep`)
  if (Array.isArray(value)) {
    sink.array(value.length)
    for (const item of value as readonly JsonValue[]) encodeValue(sink, item, depth)
    return
  }
  const object = value as JsonObject
  const keys = Object.keys(object)
  sink.map(keys.length)
  for (const key of keys) {
    sink.text(key)
    encodeValue(sink, object[key]!, depth)
  }
}
