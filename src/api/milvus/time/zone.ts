import { invalidParameter } from '../status.ts'

/** Both the property of collections and databases and the parameter of requests. */
export const zoneProperty = 'timezone'
export const utc = 'UTC'

const formats = new Map<string, Intl.DateTimeFormat | undefined>()
const formatsMax = 1_000

/** Undefined if there is no such zone. */
function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  if (!formats.has(zone)) {
    // Whoever sends names that are none must not fill the memory.
    if (formats.size >= formatsMax) formats.clear()
    formats.set(zone, newFormat(zone))
  }
  return formats.get(zone)
}

function newFormat(zone: string): Intl.DateTimeFormat | undefined {
  // An offset such as +08:00 is no name.
  if (!/^[A-Za-z]/.test(zone)) return undefined
  const digits = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric' } as const
  const smaller = { minute: 'numeric', second: 'numeric' } as const
  try {
    return new Intl.DateTimeFormat('en-US', { ...digits, ...smaller, hourCycle: 'h23', timeZone: zone })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}

/** @throws 1100 for what is no name of an IANA time zone */
export function checkZone(zone: string): void {
  if (formatOf(zone) === undefined) throw invalidParameter(`unknown or invalid IANA Time Zone ID: ${zone}`)
}

/** The zone of a collection's times. */
export const zoneOf = ({ properties }: { readonly properties: Readonly<Record<string, string>> }): string =>
  properties[zoneProperty] ?? utc

// The formatter counts the years before these by eras; no zone had changed its clocks yet.
const earliest = Date.UTC(1800, 0, 1) / 1_000

/** Seconds east of UTC at a moment, in seconds since the epoch. The zone has to be one. */
export function offsetAt(zone: string, seconds: number): number {
  if (zone === utc) return 0
  const at = Math.max(seconds, earliest)
  const parts: Record<string, number> = {}
  for (const { type, value } of formatOf(zone)!.formatToParts(at * 1_000)) parts[type] = Number(value)
  const { year, month, day, hour, minute, second } = parts
  const local = Date.UTC(year!, month! - 1, day, hour, minute, second) / 1_000
  return local - at
}

/** The moment of a local time, which is given as if it were UTC. Of two that are the same, or of none, one near it. */
export function fromLocal(zone: string, local: number): number {
  const guess = local - offsetAt(zone, local)
  return local - offsetAt(zone, guess)
}
