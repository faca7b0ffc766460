import { JsonSyntaxError, parseJson, type JsonValue } from '../encoding/json.ts'
import { misused } from './cli-error.ts'

// Values as people read and write them.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(value < 10 ? 2 : 1)} ${units[unit]!}`
}

/** UTC, to the second. */
export function timeText(ms: number | null): string {
  if (ms === null) return '-'
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

const spans: readonly (readonly [unit: string, ms: number])[] = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
]

/** The two largest units: `1d 3h`, `42s`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`
  const parts: string[] = []
  let rest = ms
  for (const [unit, size] of spans.slice(1)) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0 || parts.length > 0) parts.push(`${count}${unit}`)
    if (parts.length === 2) break
  }
  return parts.filter((part) => !part.startsWith('0')).join(' ')
}

/** `90s`, `36h`, `7d`, `2w`, `1d12h`, or 0. @throws CliError */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  const parts = [...text.matchAll(/(\d+)([wdhms])/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw misused(`Cannot use the duration ${text}: write it as 90s, 45m, 36h, 7d or 2w`)
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * spans.find(([name]) => name === unit)![1],
    0,
  )
}

/** `a=b` pairs. @throws CliError */
export function parsePairs(what: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=')
      if (equals < 1) throw misused(`Cannot use the ${what} ${text}: write it as name=value`)
      return [text.slice(0, equals), text.slice(equals + 1)]
    }),
  )
}

export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
}

/** A whole number from 0. @throws CliError */
export function parseCount(what: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw misused(`Cannot use ${what} ${text}: it is no whole number`)
  return Number(text)
}

/** JSON on the command line, such as a filter. @throws CliError */
export function parseJsonFlag(flag: string, text: string): JsonValue {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw misused(`Cannot use ${flag}: ${error.message}`)
    throw error
  }
}

const byteUnits: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

/** `500`, `64KiB`, `100MiB`, `1GiB`. @throws CliError */
export function parseBytes(what: string, text: string): number {
  const [, count, unit] = /^(\d{1,12})(|KiB|MiB|GiB)$/.exec(text) ?? []
  if (count === undefined || unit === undefined)
    throw misused(`Cannot use ${what} ${text}: write it as 500, 64KiB, 100MiB or 1GiB`)
  return Number(count) * byteUnits[unit]!
}
