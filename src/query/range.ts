import { DatabaseError } from '../errors/database-error.ts'
import { parseDatetime } from './datetime.ts'
import type { Range } from './filter.ts'
import { anyValue, type ValuesTest } from './match.ts'
import type { PayloadIndexParams } from './payload-index.ts'
import { numberOf, wholeOf } from './values.ts'

const bounds = ['gt', 'gte', 'lt', 'lte'] as const

export function isInRange(value: number | bigint, range: Range<number>): boolean {
  if (range.gt !== undefined && !(value > range.gt)) return false
  if (range.gte !== undefined && !(value >= range.gte)) return false
  if (range.lt !== undefined && !(value < range.lt)) return false
  return range.lte === undefined || value <= range.lte
}

/** An integer index holds integers only, a datetime index times only, as microseconds since the epoch. */
export function compileRange(range: Range<number>, index: PayloadIndexParams | undefined): ValuesTest {
  if (index?.type === 'datetime') return compileMicros(range)
  if (index?.type === 'integer' && index.range !== false) {
    return anyValue((value) => {
      const integer = wholeOf(value)
      return integer !== undefined && isInRange(integer, range)
    })
  }
  return anyValue((value) => {
    const number = numberOf(value)
    return number !== undefined && isInRange(number, range)
  })
}

/** @throws filter-invalid */
export function compileDatetimeRange(range: Range<string>): ValuesTest {
  return compileMicros(microsRange(range))
}

function compileMicros(range: Range<number>): ValuesTest {
  return anyValue((value) => {
    const micros = typeof value === 'string' ? parseDatetime(value) : undefined
    return micros !== undefined && isInRange(micros, range)
  })
}

/** Times as microseconds since the epoch. @throws filter-invalid */
export function microsRange(range: Range<string>): Range<number> {
  const found: { -readonly [K in keyof Range<number>]: number } = {}
  for (const bound of bounds) {
    const text = range[bound]
    if (text === undefined) continue
    const micros = parseDatetime(text)
    if (micros === undefined) {
      throw new DatabaseError('filter-invalid', `Cannot use this filter: "${text}" is no RFC 3339 time`, {
        text,
      })
    }
    found[bound] = micros
  }
  return found
}
