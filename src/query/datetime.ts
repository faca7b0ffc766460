const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/

/**
 * Microseconds since the epoch, or undefined if the text is no date. RFC 3339, and as Qdrant does, also without a
 * zone (then UTC), without seconds, and a date alone. Second 60 is the first one of the next minute.
 */
export function parseDatetime(text: string): number | undefined {
  const parts = partsOf(text)
  return parts && parts.milliseconds * 1_000 + parts.microseconds
}

/** The same without rounding: a bigint where a number would not be exact. */
export function parseMicroseconds(text: string): number | bigint | undefined {
  const parts = partsOf(text)
  if (parts === undefined) return undefined
  const rounded = parts.milliseconds * 1_000 + parts.microseconds
  if (Number.isSafeInteger(rounded)) return rounded
  return BigInt(parts.milliseconds) * 1_000n + BigInt(parts.microseconds)
}

function partsOf(text: string): { milliseconds: number; microseconds: number } | undefined {
  const match = rfc3339.exec(text.trim())
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined
  date.setUTCHours(Number(hour), Number(minute), Number(second))
  const offset = zoneMinutes(zone)
  if (offset === undefined) return undefined
  return {
    milliseconds: date.getTime() - offset * 60_000,
    microseconds: Number(fraction.padEnd(6, '0').slice(0, 6)),
  }
}

function zoneMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  const hours = Number(digits.slice(0, 2))
  const minutes = Number(digits.slice(2))
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
