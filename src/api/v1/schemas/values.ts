import { z } from 'zod'
import { parseUuid, type JsonObject, type PointId } from '../../../index.ts'

// Values that stand in many requests.

const digits = /^\d{1,16}$/

/** Given as milliseconds or as RFC 3339 text; the engine gets milliseconds. */
export const timeInput = z
  .union([z.int().nonnegative(), z.string()], {
    error: 'expected milliseconds since the epoch, or an RFC 3339 time',
  })
  .transform((value, context) => {
    const ms = typeof value === 'number' ? value : digits.test(value) ? Number(value) : rfc3339(value)
    if (ms !== undefined) return ms
    context.addIssue('expected milliseconds since the epoch, or an RFC 3339 time')
    return z.NEVER
  })
  .meta({ description: 'Milliseconds since the epoch, or an RFC 3339 time.' })

function rfc3339(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(text)) return undefined
  const ms = Date.parse(text.replace(' ', 'T'))
  return Number.isNaN(ms) ? undefined : ms
}

export const time = z.number().meta({ description: 'Milliseconds since the epoch.' })

const idsMax = 1n << 64n

/** JSON numbers are exact up to 2^64 - 1: they come as bigints where a double would not do. */
export const pointId = z
  .custom<PointId>((value) => {
    if (typeof value === 'string') return parseUuid(value) !== undefined
    if (typeof value === 'bigint') return value >= 0n && value < idsMax
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  }, 'expected an unsigned 64-bit integer or a UUID')
  .meta({
    id: 'PointId',
    description: 'An unsigned 64-bit integer, exact to its last digit, or a UUID.',
    anyOf: [
      { type: 'integer', minimum: 0, maximum: 18446744073709551615 },
      { type: 'string', format: 'uuid' },
    ],
  })

export const labels = z
  .record(z.string(), z.string())
  .meta({ description: 'At most 64; names and values have at most 255 characters.' })

export const seq = z.int().nonnegative().meta({ description: 'Number of a log record.' })

/** What a front door keeps with a collection: any JSON object. */
// What is parsed was JSON.
export const anyObject = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>

export const waitQuery = {
  wait: z.boolean().optional().meta({
    description: 'True: answers 200 with the job when it has ended, however it ended. Default false.',
  }),
}

/** Without the members that are undefined, as the engine's options want it. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
