import { parseMicroseconds } from '../../../index.ts'
import { fromLocal, offsetAt, utc } from './zone.ts'

/** A moment, and how far east of UTC the clock is that it was read from. */
export interface Moment {
  /** Since the epoch, whole. */
  readonly seconds: number
  /** 0 to 999,999. */
  readonly microseconds: number
  /** In seconds. */
  readonly offset: number
}

/** A text that is no moment. */
export class MomentError extends Error {}

const written = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d(?::\d\d)?)?$/

// Of clocks: Baker Island and Kiribati.
const offsetMin = -12 * 3_600
const offsetMax = 14 * 3_600

/** RFC 3339, also with a space for the T; without an offset it is the time of the zone. @throws MomentError */
export function parseMoment(text: string, zone: string): Moment {
  const match = written.exec(text)
  const local = match === null ? undefined : localSeconds(match)
  if (match === null || local === undefined)
    throw new MomentError(`invalid timestamp string: '${text}'. Does not match any known format`)
  const [, , , , , , , fraction = '', given] = match
  const microseconds = Number(fraction.padEnd(6, '0').slice(0, 6))
  if (given === undefined) {
    const seconds = fromLocal(zone, local)
    return { seconds, microseconds, offset: local - seconds }
  }
  const offset = offsetOf(given)
  return { seconds: local - offset, microseconds, offset }
}

function localSeconds([, ...numbers]: RegExpExecArray): number | undefined {
  const [year, month, day, hour, minute, second] = numbers.slice(0, 6).map(Number) as [
    ...[number, number, number],
    ...[number, number, number],
  ]
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  return date.getTime() / 1_000 + hour * 3_600 + minute * 60 + second
}

function offsetOf(text: string): number {
  if (text === 'Z') return 0
  const [hours, minutes = 0] = text.slice(1).split(':').map(Number)
  const offset = (text.startsWith('-') ? -1 : 1) * (hours! * 3_600 + minutes * 60)
  if (offset >= offsetMin && offset <= offsetMax && minutes < 60) return offset
  const range = `[${offsetMin / 3_600}, ${offsetMax / 3_600}]`
  throw new MomentError(`UTC offset hour ${Math.trunc(offset / 3_600)} is out of the valid range ${range}`)
}

/** Microseconds since the epoch: a bigint where a number would not be exact. */
export function microsecondsOf({ seconds, microseconds }: Moment): number | bigint {
  const rounded = seconds * 1_000_000 + microseconds
  return Number.isSafeInteger(rounded) ? rounded : BigInt(seconds) * 1_000_000n + BigInt(microseconds)
}

/** What stands in the payload: in UTC, unless that year is none of four digits. @throws MomentError */
export function storedMoment(text: string, zone: string): string {
  const moment = parseMoment(text, zone)
  const inUtc = momentText({ ...moment, offset: 0 })
  return inUtc.indexOf('-') === 4 ? inUtc : momentText(moment)
}

/** RFC 3339 with as many digits behind the point as it needs. */
export function momentText({ seconds, microseconds, offset }: Moment): string {
  const local = new Date((seconds + offset) * 1_000)
  const year = local.getUTCFullYear()
  const years = (year < 0 ? '-' : '') + padded(Math.abs(year), 4)
  const date = `${years}-${padded(local.getUTCMonth() + 1)}-${padded(local.getUTCDate())}`
  const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map((n) => padded(n))
  const fraction = microseconds === 0 ? '' : `.${padded(microseconds, 6).replace(/0+$/, '')}`
  return `${date}T${time.join(':')}${fraction}${offsetText(offset)}`
}

function offsetText(offset: number): string {
  const minutes = Math.trunc(Math.abs(offset) / 60)
  if (offset === 0) return 'Z'
  return `${offset < 0 ? '-' : '+'}${padded(Math.trunc(minutes / 60))}:${padded(minutes % 60)}`
}

const padded = (value: number, digits = 2): string => String(value).padStart(digits, '0')

/** A value of the payload on a zone's clocks; undefined if it is no moment. */
export function momentOn(zone: string, value: unknown): Moment | undefined {
  const micros = typeof value === 'string' ? parseMicroseconds(value) : undefined
  return micros === undefined ? undefined : momentAt(BigInt(micros), zone)
}

/** Of microseconds since the epoch. */
export function momentAt(whole: bigint, zone: string): Moment {
  const microseconds = ((whole % 1_000_000n) + 1_000_000n) % 1_000_000n
  const seconds = Number((whole - microseconds) / 1_000_000n)
  const offset = zone === utc ? 0 : offsetAt(zone, seconds)
  return { seconds, microseconds: Number(microseconds), offset }
}
