import type { Shifted } from './expression.ts'
import type { Value } from './values.ts'

/** What is no moment, and what is beyond the calendar, is not there. */
export function shift(moment: Value, { months, days, seconds }: Omit<Shifted, 'kind' | 'of'>): Value {
  if (moment === null) return null
  if (typeof moment !== 'number' && typeof moment !== 'bigint') return undefined
  const micros = BigInt(moment)
  const part = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const date = new Date(Number((micros - part) / 1_000n))
  date.setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth() + months, date.getUTCDate() + days)
  const milliseconds = date.getTime() + seconds * 1_000
  if (!Number.isFinite(milliseconds)) return undefined
  const shifted = BigInt(milliseconds) * 1_000n + part
  const number = Number(shifted)
  return Number.isSafeInteger(number) ? number : shifted
}
