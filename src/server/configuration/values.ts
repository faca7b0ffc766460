import { z } from 'zod'
import { exitCodes, StartupError } from '../startup-error.ts'
import { valueAt, type SettingsTree } from './settings-tree.ts'

/** How a value is read, and what to say of one that cannot be. */
export interface ValueKind<T> {
  readonly schema: z.ZodType<T>
  readonly expected: string
  /** The value must not be shown. */
  readonly isSecret?: boolean
}

const anyText = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)])

export const path: ValueKind<string> = {
  schema: anyText.pipe(z.string().min(1)),
  expected: 'a text that is not empty',
}

/** Empty means none. */
export const secret: ValueKind<string | undefined> = {
  schema: anyText.transform((text) => (text === '' ? undefined : text)),
  expected: 'a text',
  isSecret: true,
}

/** In the spellings that Qdrant takes, too. */
export const flag: ValueKind<boolean> = {
  schema: z.preprocess((value) => {
    const text = typeof value === 'string' ? value.toLowerCase() : value
    if (text === 1 || text === '1' || text === 'on' || text === 'yes' || text === 'true') return true
    return text === 0 || text === '0' || text === 'off' || text === 'no' || text === 'false' ? false : value
  }, z.boolean()),
  expected: 'true or false',
}

export function whole(min: number, max: number, expected: string): ValueKind<number> {
  const digits = (value: unknown) =>
    typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return { schema: z.preprocess(digits, z.number().int().min(min).max(max)), expected }
}

export const port = whole(0, 65_535, 'a port from 0 to 65535')

export function oneOf<const T extends string>(...words: readonly T[]): ValueKind<T> {
  const quoted = words.map((word) => `'${word}'`)
  return { schema: z.enum(words), expected: quoted.join(' or ') }
}

/** A list, or a text with commas. */
export const words: ValueKind<readonly string[]> = {
  schema: z
    .union([z.array(anyText), anyText.transform((text) => text.split(','))])
    .transform((list) => list.map((word) => word.trim()).filter((word) => word !== '')),
  expected: 'a list of texts',
}

/** The setting under `key`, undefined if nobody gave it (null in a file means not given). @throws StartupError */
export function read<T>(settings: SettingsTree, key: string, kind: ValueKind<T>): T | undefined {
  const value = valueAt(settings, key)
  if (value === undefined || value === null) return undefined
  const parsed = kind.schema.safeParse(value)
  if (parsed.success) return parsed.data
  const shown = kind.isSecret === true ? 'something else' : JSON.stringify(value)
  const message = `Cannot use the setting ${key}: it is ${shown}, expected ${kind.expected}`
  throw new StartupError(exitCodes.usage, message)
}
