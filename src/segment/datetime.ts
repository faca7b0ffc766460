const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?\s*(?:(Z|z)|([+-])(\d\d)(?::?(\d\d))?)?)?$/

/**
 * Microseconds since the epoch, exact; undefined if the text is no date. RFC 3339; also without a zone (then UTC),
 * without seconds, and a date alone.
 */
export function parseDatetimeMicros(text: string): bigint | undefined {
  const match = rfc3339.exec(text.trim())
  if (match === null) return undefined
  const part = (group: number): number => Number(match[group] ?? 0)
  const [year, month, day] = [part(1), part(2), part(3)]
  const [hour, minute, second] = [part(4), part(5), part(6)]
  const millis = Date.UTC(year, month - 1, day, hour, minute, second)
  const back = new Date(millis)
  // Date.UTC takes years below 100 as 19xx, and carries the 31st of a short month over into the next.
  if (year < 100 || back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const zoneMinutes = (part(10) * 60 + part(11)) * (match[9] === '-' ? -1 : 1)
  const micros = Number((match[7] ?? '').padEnd(6, '0').slice(0, 6))
  return BigInt(millis - zoneMinutes * 60_000) * 1_000n + BigInt(micros)
}
