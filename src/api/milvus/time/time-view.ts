import type { MilvusDocument } from '../schema/document.ts'
import { invalidParameter } from '../status.ts'
import type { Moment } from './moment.ts'
import { checkZone, zoneOf, zoneProperty } from './zone.ts'

/** How a request wants to see times. */
export interface TimeView {
  readonly zone: string
  /** If not empty, these parts of a time are answered, as a list of integers. */
  readonly parts: readonly TimePart[]
}

const parts = {
  year: (date: Date) => date.getUTCFullYear(),
  month: (date: Date) => date.getUTCMonth() + 1,
  day: (date: Date) => date.getUTCDate(),
  hour: (date: Date) => date.getUTCHours(),
  minute: (date: Date) => date.getUTCMinutes(),
  second: (date: Date) => date.getUTCSeconds(),
  microsecond: (_date: Date, microseconds: number) => microseconds,
}

export type TimePart = keyof typeof parts

/** The request's parameters, or else the collection's zone. @throws 1100 */
export function timeViewOf(document: MilvusDocument, map: Readonly<Record<string, string>> = {}): TimeView {
  const { [zoneProperty]: zone = '', time_fields: fields = '' } = map
  if (zone !== '') checkZone(zone)
  const names = fields
    .toLowerCase()
    .split(/[, ]+/)
    .filter((name) => name !== '')
  return { zone: zone === '' ? zoneOf(document) : zone, parts: names.map(partOf) }
}

function partOf(name: string): TimePart {
  if (Object.hasOwn(parts, name)) return name as TimePart
  throw invalidParameter(`unsupported field for extraction: ${name}, fields should be seprated by ',' or ' '`)
}

export function partsOf(wanted: readonly TimePart[], { seconds, offset, microseconds }: Moment): bigint[] {
  const local = new Date((seconds + offset) * 1_000)
  return wanted.map((part) => BigInt(parts[part](local, microseconds)))
}
