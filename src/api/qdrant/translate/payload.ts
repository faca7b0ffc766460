import { isPayloadPath, type JsonValue, type PayloadSelection, type VectorSelection } from '../../../index.ts'
import { array, isObject, text } from '../decode.ts'
import { formatError } from '../failures.ts'

/** @throws WireError 400 */
export function checkPath(path: string): string {
  if (!isPayloadPath(path)) throw formatError(`Invalid json path: '${path}'`)
  return path
}

export function paths(value: JsonValue | undefined): string[] {
  return array(value).map((item) => checkPath(text(item)))
}

const payloadExpected = 'Expected a boolean, an array of strings, or an object with an include/exclude field'

export function payloadSelection(value: JsonValue | undefined, byDefault: boolean): PayloadSelection {
  if (value === undefined || value === null) return byDefault
  if (typeof value === 'boolean') return value
  if (Array.isArray(value)) return { include: textList(value as readonly JsonValue[], payloadExpected) }
  if (isObject(value)) {
    const { include, exclude } = value
    if (Array.isArray(include)) return { include: textList(include as readonly JsonValue[], payloadExpected) }
    if (Array.isArray(exclude)) return { exclude: textList(exclude as readonly JsonValue[], payloadExpected) }
  }
  throw formatError(payloadExpected)
}

export function vectorSelection(value: JsonValue | undefined, byDefault: boolean): VectorSelection {
  if (value === undefined || value === null) return byDefault
  if (typeof value === 'boolean') return value
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => namedVector(item))
  throw formatError('Expected a boolean, or an array of strings')
}

function namedVector(value: JsonValue): string {
  if (typeof value !== 'string') throw formatError('Expected a boolean, or an array of strings')
  return value
}

function textList(items: readonly JsonValue[], expected: string): string[] {
  return items.map((item) => {
    if (typeof item !== 'string') throw formatError(expected)
    return checkPath(item)
  })
}
