import { DatabaseError } from '../errors/database-error.ts'
import type { JsonValue } from '../encoding/json.ts'
import { parseDatetime } from './datetime.ts'
import { isArray, parsePath, valuesAt } from './payload-path.ts'
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
    for (const element of isArray(value) ? value : [value]) {
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

/**
 * Where an ordered page begins. A text is a time, and a time counts as microseconds since the epoch, whatever the type
 * of the field: so does a number for a field of times.
 * @throws request-invalid if the text is no time
 */
export function orderKeyOf(start: number | string, _type?: OrderType): number {
  const key = typeof start === 'number' ? start : parseDatetime(start)
  if (key !== undefined) return key
  const text = `Cannot start the order at ${JSON.stringify(start)}: it is neither a number nor a time`
  throw new DatabaseError('request-invalid', text, { start })
}
