import { isObject, memberOf, numberOf, rustFloat } from '../decode.ts'
import { invalid } from '../failures.ts'
import type { JsonObject, JsonValue } from '../../../index.ts'

/** What the validator checks of a number; floats are shown with a point. */
export interface Bounds {
  readonly min: number
  readonly max?: number
  readonly isFloat?: boolean
}

/** @throws WireError 422 as the validator words it */
export function checkBounds(value: number | undefined, bounds: Bounds, field: string): void {
  if (value === undefined || (value >= bounds.min && value <= (bounds.max ?? Infinity))) return
  const shown = (number: number): string => (bounds.isFloat === true ? rustFloat(number) : String(number))
  const range =
    bounds.max === undefined
      ? `${shown(bounds.min)} or larger`
      : `from ${shown(bounds.min)} to ${shown(bounds.max)}`
  throw invalid(`${field}: value ${shown(value)} invalid, must be ${range}`)
}

/** Checks the members of an object that are given. */
export function checkMembers(
  object: JsonValue | undefined,
  members: Readonly<Record<string, Bounds>>,
  field: string,
): void {
  if (!isObject(object)) return
  for (const [name, bounds] of Object.entries(members)) {
    checkBounds(numberOf(memberOf(object, name)), bounds, `${field}.${name}`)
  }
}

/** Without the members that are null or undefined. */
export function given(object: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(
      (entry): entry is [string, JsonValue] => entry[1] !== undefined && entry[1] !== null,
    ),
  )
}
