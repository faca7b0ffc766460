import type { JsonValue } from '../../encoding/json.ts'
import { compareTexts } from '../../encoding/text-order.ts'
import { parseMicroseconds } from '../datetime.ts'
import { isArray, isObject } from '../payload-path.ts'
import { integerOf, numberOf, wholeOf } from '../values.ts'
import type { Literal, Reference, ScalarType } from './expression.ts'

/** What an operand has in a row: null is unknown, undefined is not there. Integers beyond 2^53 are bigints. */
export type Value = boolean | number | bigint | string | readonly JsonValue[] | null | undefined

/** The value at a path, as the reference's type has it. */
export function readReference(reference: Reference): (payload: JsonValue) => Value {
  const { path, type, each } = reference
  const columnSteps = reference.columnSteps ?? 1
  // A value of another type is as good as none.
  const missing = path.length > columnSteps ? undefined : null
  return (payload) => {
    const found = valueAt(payload, path, columnSteps)
    if (found === null || found === undefined) return found
    if (each !== undefined)
      return isArray(found) ? found.map((item) => childOf(item, each) ?? null) : undefined
    return valueOf(found, type) ?? (type === 'json' ? undefined : missing)
  }
}

/** Null: the column is null or absent. Undefined: null or nothing further down. */
export function valueAt(
  payload: JsonValue,
  path: Reference['path'],
  columnSteps: number,
): JsonValue | undefined {
  let at = payload
  for (let i = 0; i < path.length; i++) {
    const child = childOf(at, path[i]!)
    if (child === undefined || child === null) return i < columnSteps ? null : undefined
    at = child
  }
  return at
}

function childOf(value: JsonValue, step: string | number): JsonValue | undefined {
  if (isObject(value)) return Object.hasOwn(value, step) ? value[step] : undefined
  return isArray(value) && typeof step === 'number' ? value[step] : undefined
}

/** Undefined if the value is of another type. */
export function valueOf(value: JsonValue, type: Reference['type']): Exclude<Value, null> {
  switch (type) {
    case 'bool':
      return typeof value === 'boolean' ? value : undefined
    case 'int':
      return wholeOf(value)
    case 'float': {
      const number = numberOf(value)
      return number === undefined ? undefined : Math.fround(number)
    }
    case 'double':
      return numberOf(value)
    case 'text':
      return typeof value === 'string' ? value : undefined
    case 'moment':
      return typeof value === 'string' ? parseMicroseconds(value) : undefined
    case 'list':
      return isArray(value) ? value : undefined
    case 'json':
      if (typeof value === 'boolean' || typeof value === 'string' || isArray(value)) return value
      return integerOf(value) ?? numberOf(value)
  }
}

/** A literal as the values of a column of this type are. */
export function literalValue(
  literal: Literal,
  type: Reference['type'] = 'json',
): Exclude<Value, null | undefined> {
  switch (literal.type) {
    case 'list':
      return literal.items.map((item) => literalJson(item))
    case 'int':
      return type === 'float'
        ? Math.fround(Number(literal.value))
        : (integerOf(literal.value) ?? literal.value)
    case 'double': {
      // A number that went through the log may come back as its spelling.
      const number = numberOf(literal.value)!
      return type === 'float' ? Math.fround(number) : number
    }
    default:
      return literal.value
  }
}

function literalJson(literal: Literal): JsonValue {
  return literal.type === 'list' ? literal.items.map(literalJson) : literalValue(literal)
}

/** One key for equal scalars, for sets: 3 and 3.0 share theirs, 1 and true do not. Undefined for lists and what is not there. */
export function keyOf(value: Value): string | number | bigint | boolean | undefined {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value + 0
    return Number.isInteger(value) ? BigInt(value) : value
  }
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}

/** Less than, equal to or greater than 0; undefined if the two cannot be put in order. */
export function orderOf(left: Value, right: Value): number | undefined {
  if (isNumber(left) && isNumber(right)) return left < right ? -1 : left > right ? 1 : 0
  if (typeof left === 'string' && typeof right === 'string') return compareTexts(left, right)
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right)
  return undefined
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Deep equality of JSON; numbers by their exact values. */
export function isSame(left: JsonValue, right: JsonValue, element: ScalarType | 'json' = 'json'): boolean {
  if (isArray(left) || isArray(right)) {
    if (!isArray(left) || !isArray(right) || left.length !== right.length) return false
    return left.every((item, i) => isSame(item, right[i]!, element))
  }
  if (isObject(left) || isObject(right)) {
    if (!isObject(left) || !isObject(right)) return false
    const keys = Object.keys(left)
    if (keys.length !== Object.keys(right).length) return false
    return keys.every((key) => Object.hasOwn(right, key) && isSame(left[key]!, right[key]!))
  }
  if (left === null || right === null) return left === right
  const a = valueOf(left, element)
  const b = valueOf(right, element)
  return a !== undefined && b !== undefined && orderOf(a, b) === 0
}
