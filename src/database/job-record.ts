import { JsonNumber, stringifyJson, type JsonValue } from '../encoding/json.ts'

/** Input, result or position of a job in the catalog; what is longer is not kept there. */
const keptBytesMax = 16_384
const depthMax = 64

export const jobStates = ['running', 'completed', 'failed', 'cancelled'] as const
export type JobState = (typeof jobStates)[number]

export interface JobInfo {
  /** UUID. */
  readonly id: string
  readonly kind: string
  /** What it was started with; null after a restart if it was too long to be kept. */
  readonly input: JsonValue
  readonly state: JobState
  /** Why it failed or was cancelled; null otherwise. */
  readonly reason: string | null
  /** The error code of the reason; null without one. */
  readonly code: string | null
  /** 1, and one more each time that a process which opened the database went on with it. */
  readonly attempt: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** The present or last attempt's. */
  readonly startedAt: number
  readonly finishedAt: number | null
  readonly done: number
  readonly total: number | null
  /** What is counted, such as `bytes`; '' if the job does not say. */
  readonly unit: string
  /** Within the last ten seconds while it runs, on the whole afterwards; null if unknown. */
  readonly ratePerSecond: number | null
  /** Null if unknown. */
  readonly etaMs: number | null
  /** What it gave, as far as JSON holds it; null after a restart if it was too long to be kept. */
  readonly result: JsonValue
}

/** What the catalog keeps of a job, by its id. */
export interface JobRecord extends Omit<JobInfo, 'id' | 'etaMs'> {
  /** How far it is, in its own words; only its kind can read it. */
  readonly position: JsonValue
  /** Processes that ended while it ran. */
  readonly crashes: number
  /** True if the database was closed in an orderly way while it ran. */
  readonly isSuspended: boolean
  /** True if the input was too long: then nobody can go on with it. */
  readonly isInputLost: boolean
}

export function encodeJobRecord(record: JobRecord): JsonValue {
  const { input, result, position } = record
  return asJson({
    ...record,
    input: isShort(input) ? input : null,
    result: isShort(result) ? result : null,
    position: isShort(position) ? position : null,
  })
}

/** The document was written by `encodeJobRecord`; the log and the catalog have checksums. */
export function decodeJobRecord(value: JsonValue): JobRecord {
  return value as unknown as JobRecord
}

/** Whether the catalog keeps it. */
export function isShort(value: JsonValue): boolean {
  return Buffer.byteLength(stringifyJson(value)) <= keptBytesMax
}

/** What JSON keeps of a value: of objects their own members, without functions and what has no value. */
export function asJson(value: unknown, depth = 0): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'bigint')
    return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object' || depth > depthMax) return null
  if (value instanceof JsonNumber) return value
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map((item) => asJson(item, depth + 1))
  const members = Object.entries(value as Record<string, unknown>)
  return Object.fromEntries(
    members
      .filter(([, member]) => member !== undefined && typeof member !== 'function')
      .map(([key, member]) => [key, asJson(member, depth + 1)]),
  )
}
