import { DatabaseError } from '../errors/database-error.ts'
import type { JsonValue } from '../encoding/json.ts'
import { parseDatetime } from './datetime.ts'
import { parsePath, valuesAt } from './payload-path.ts'
import { numberOf, wholeOf } from './values.ts'

export interface OrderValue {
  /** As stored: a number, a bigint beyond 2^53, or the text of a time. */
  readonly value: number | bigint | string
  /** What is compared: the number, or microseconds since the epoch. */
  readonly key: number | bigint
}

export type OrderType = 'integer' | 'float' | 'datetime'

/** Every value under the path that an index of this type holds; each element of an array is one. */
export function orderValues(payload: JsonValue, path: string, type: OrderType): OrderValue[] {
  const found: OrderValue[] = []
  for (const value of valuesAt(payload, parsePath(path))) {
    for (const element of Array.isArray(value) ? (value as readonly JsonValue[]) : [value]) {
      const one = orderValue(element, type)
      if (one !== undefined) found.push(one)
    }
  }
  return found
}

function orderValue(value: JsonValue, type: OrderType): OrderValue | undefined {
  if (type === 'datetime') {
    const key = typeof value === 'string' ? parseDatetime(value) : undefined
    return key === undefined ? undefined : { value: value as string, key }
  }
  const number = type === 'integer' ? wholeOf(value) : numberOf(value)
  return number === undefined ? undefined : { value: number, key: number }
}

/** Where an ordered page begins. @throws request-invalid if the value does not fit the type */
export function orderKeyOf(start: number | string, type: OrderType): number {
  const key = typeof start === 'number' ? start : parseDatetime(start)
  if (key === undefined || (typeof start === 'string' && type !== 'datetime')) {
    throw new DatabaseError(
      'request-invalid',
      `Cannot start the order at ${JSON.stringify(start)}: it does not fit the field`,
      { start },
    )
  }
  return key
}
