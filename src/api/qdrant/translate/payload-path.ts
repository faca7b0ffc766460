import { isPayloadPath, type JsonValue } from '../../../index.ts'
import { DecodeError, wrongType } from '../decode.ts'

/** A path into the payload: `a.b`, `a[].b`, `a[0]`, `"quoted"`. */
export function payloadPath(value: JsonValue): string {
  if (typeof value !== 'string') throw wrongType(value, 'a string')
  if (!isPayloadPath(value)) throw new DecodeError(`Invalid json path: '${value}'`, 'after')
  return value
}
