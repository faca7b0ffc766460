import type { DatabaseError, JsonValue } from '../../index.ts'
import { describe, isObject } from './decode.ts'
import { wrongInput } from './failures.ts'
import { whyNoTime } from './translate/querying/formula.ts'
import type { WireError } from './wire-error.ts'

/** A formula that has no score for a point, in Qdrant's words. */
export function formulaFailed(details: DatabaseError['details']): WireError {
  if (details['reason'] === 'not-finite') {
    const expression = `${String(details['expression'])} = ${String(details['value'])}`
    return wrongInput(`The expression ${expression} produced a non-finite number`)
  }
  const expected = String(details['expected'])
  const where = `${String(details['path'])} in the payload and/or in the formula defaults`
  const why = whyNot(expected, details['value'] as JsonValue | undefined)
  return wrongInput(`Expected ${expected} value for ${where}. Error: ${why}`)
}

function whyNot(expected: string, value: JsonValue | undefined): string {
  if (value === undefined) return 'No value found in a payload nor defaults'
  if (expected === 'number') return 'Value is not a number'
  if (expected === 'datetime') return typeof value === 'string' ? whyNoTime(value) : 'Value is not a string'
  if (!isObject(value)) return `invalid type: ${describe(value)}, expected struct GeoPointShadow`
  return `missing field \`${Object.hasOwn(value, 'lon') ? 'lat' : 'lon'}\``
}
