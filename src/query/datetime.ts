const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?)?$/

/**
 * Microseconds since the epoch, or undefined if the text is no date. RFC 3339, and as Qdrant does, also without a
 * zone (then UTC), without seconds, and a date alone.
 */
export function parseDatetime(text: string): number | undefined {
  const match = rfc3339.exec(text.trim())
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match
  const fields = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const at = Date.UTC(fields[0], fields[1] - 1, fields[2], fields[3], fields[4], fields[5])
  const back = new Date(at)
  if (fields[0] < 100 || back.getUTCMonth() !== fields[1] - 1 || back.getUTCDate() !== fields[2])
    return undefined
  if (fields[3] > 23 || fields[4] > 59 || fields[5] > 59) return undefined
  return (at - zoneMinutes(zone) * 60_000) * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

function zoneMinutes(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))
  return zone.startsWith('-') ? -minutes : minutes
}
