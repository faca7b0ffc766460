const plainKey = '[\\p{Alphabetic}\\p{N}_-]+'
const element = '\\[\\d{0,19}\\]'
const part = `(?:${plainKey}|"[^"]+")(?:${element})*`
const path = new RegExp(`^${part}(?:\\.${part})*$`, 'u')

/** Whether the text can be a key of a condition, an index or a payload operation: `a.b`, `a[].b`, `a[0]`, `"a.b".c`. */
export function isPayloadPath(text: string): boolean {
  return path.test(text)
}

const datetime =
  /^\s*(\d{4})-(\d\d)-(\d\d)(?:[Tt ]([01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:\.\d+)?)?\s*(?:[Zz]|[+-]([01]\d|2[0-3])(?::?[0-5]\d)?)?)?\s*$/

/** Whether the text is a time as range conditions accept it: RFC 3339, also without zone, seconds or time of day. */
export function isDatetime(text: string): boolean {
  const match = datetime.exec(text)
  if (match === null) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return day >= 1 && day <= (days[month - 1] ?? 0)
}
