import { exitCodes, StartupError } from '../startup-error.ts'
import { valueAt, type SettingsTree } from './settings-tree.ts'

/** How a value is read, and what to say of one that cannot be. */
export interface ValueKind<T> {
  /** Undefined if it is no such value. */
  readonly take: (value: unknown) => { readonly value: T } | undefined
  readonly expected: string
  /** The value must not be shown. */
  readonly isSecret?: boolean
}

/** A number or a boolean is the text that it would be written as. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'boolean' || Number.isFinite(value) ? String(value) : undefined
}

export const path: ValueKind<string> = {
  take: (given) => {
    const value = textOf(given) ?? ''
    return value === '' ? undefined : { value }
  },
  expected: 'a text that is not empty',
}

/** Empty means none. */
export const secret: ValueKind<string | undefined> = {
  take: (given) => {
    const text = textOf(given)
    return text === undefined ? undefined : { value: text === '' ? undefined : text }
  },
  expected: 'a text',
  isSecret: true,
}

const yes: readonly unknown[] = [true, 1, '1', 'on', 'yes', 'true']
const no: readonly unknown[] = [false, 0, '0', 'off', 'no', 'false']

/** In the spellings that Qdrant takes, too. */
export const flag: ValueKind<boolean> = {
  take: (given) => {
    const word = typeof given === 'string' ? given.toLowerCase() : given
    return yes.includes(word) || no.includes(word) ? { value: yes.includes(word) } : undefined
  },
  expected: 'true or false',
}

export function whole(min: number, max: number, expected: string): ValueKind<number> {
  const take = (given: unknown) => {
    const value = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given
    const isWhole = typeof value === 'number' && Number.isSafeInteger(value)
    return isWhole && value >= min && value <= max ? { value } : undefined
  }
  return { take, expected }
}

export const port = whole(0, 65_535, 'a port from 0 to 65535')

export function oneOf<const T extends string>(...words: readonly T[]): ValueKind<T> {
  const quoted = words.map((word) => `'${word}'`)
  const take = (given: unknown) => {
    const value = words.find((word) => word === given)
    return value === undefined ? undefined : { value }
  }
  return { take, expected: quoted.join(' or ') }
}

/** A list, or a text with commas. */
export const words: ValueKind<readonly string[]> = {
  take: (given) => {
    const texts = Array.isArray(given) ? given.map(textOf) : textOf(given)?.split(',')
    if (texts === undefined || texts.includes(undefined)) return undefined
    return { value: texts.map((word) => word!.trim()).filter((word) => word !== '') }
  },
  expected: 'a list of texts',
}

/** The setting under `key`, undefined if nobody gave it (null in a file means not given). @throws StartupError */
export function read<T>(settings: SettingsTree, key: string, kind: ValueKind<T>): T | undefined {
  const value = valueAt(settings, key)
  if (value === undefined || value === null) return undefined
  const taken = kind.take(value)
  if (taken !== undefined) return taken.value
  const shown = kind.isSecret === true ? 'something else' : JSON.stringify(value)
  const message = `Cannot use the setting ${key}: it is ${shown}, expected ${kind.expected}`
  throw new StartupError(exitCodes.usage, message)
}
