import { JsonNumber, type JsonObject, type JsonValue } from '../../index.ts'

// Decoders in the manner of serde: a JSON value in, a typed value or Qdrant's words for what is wrong out. Errors carry
// the path to the value; position.ts finds the line and column that serde would have named.

/**
 * What the column of an error points at: the value itself, the end of the struct that lacks a field, the place behind a
 * value that was read whole before it was judged, the first character of a value that cannot begin like that, or the
 * name under which the value stands.
 */
export type ErrorPlace = 'value' | 'end' | 'after' | 'first' | 'name'

export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly place: ErrorPlace
  /** From the outermost value to the wrong one. */
  readonly path: (string | number)[] = []

  constructor(reason: string, place: ErrorPlace) {
    super(reason)
    this.place = place
  }
}

export type Decoder<T> = (value: JsonValue) => T

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
  )
}

export function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** An own member; null and absent are the same, as in serde's Option. */
export function memberOf(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined
}

export function numberOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  return value instanceof JsonNumber ? Number(value.text) : undefined
}

const minI64 = -(1n << 63n)
const maxU64 = (1n << 64n) - 1n

/** A number that is written as an integer and fits into 64 bits; 7, not 7.0. */
export function integerOf(value: JsonValue | undefined): number | bigint | undefined {
  if (typeof value === 'bigint') return value >= minI64 && value <= maxU64 ? value : undefined
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}

/** How Rust prints a float: always with a point or, from 1e16 on, an exponent. */
export function rustFloat(value: number): string {
  const text = Math.abs(value) >= 1e16 ? value.toExponential() : String(value)
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text
}

export function describe(value: JsonValue): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return `boolean \`${value}\``
  if (typeof value === 'string') return `string ${JSON.stringify(value)}`
  if (isArray(value)) return 'sequence'
  if (isObject(value)) return 'map'
  const integer = integerOf(value)
  return integer === undefined
    ? `floating point \`${rustFloat(numberOf(value)!)}\``
    : `integer \`${integer}\``
}

export function wrongType(value: JsonValue, expected: string): DecodeError {
  return new DecodeError(`invalid type: ${describe(value)}, expected ${expected}`, 'value')
}

function wrongValue(value: JsonValue, expected: string): DecodeError {
  return new DecodeError(`invalid value: ${describe(value)}, expected ${expected}`, 'value')
}

export const text: Decoder<string> = (value) => {
  if (typeof value !== 'string') throw wrongType(value, 'a string')
  return value
}

export const boolean: Decoder<boolean> = (value) => {
  if (typeof value !== 'boolean') throw wrongType(value, 'a boolean')
  return value
}

export function float(expected: 'f32' | 'f64'): Decoder<number> {
  return (value) => {
    const number = numberOf(value)
    if (number === undefined) throw wrongType(value, expected)
    return number
  }
}

/** `max` is the largest value that fits; `expected` names the type. */
export function unsigned(expected: string, max = Number.MAX_SAFE_INTEGER, min = 0): Decoder<number> {
  return (value) => {
    const integer = integerOf(value)
    if (integer === undefined) throw wrongType(value, expected)
    if (integer < min || (integer > max && max !== Number.MAX_SAFE_INTEGER)) throw wrongValue(value, expected)
    return Number(integer)
  }
}

export const usize = unsigned('usize')
export const u64 = unsigned('u64')
export const u32 = unsigned('u32', 2 ** 32 - 1)
export const nonZeroU32 = unsigned('a nonzero u32', 2 ** 32 - 1, 1)

export function option<T>(decoder: Decoder<T>): Decoder<T | undefined> {
  return (value) => (value === null ? undefined : decoder(value))
}

/** Adds a step of the path to errors that come from below. */
function below<T>(step: string | number, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof DecodeError) error.path.unshift(step)
    throw error
  }
}

export function list<T>(decoder: Decoder<T>): Decoder<T[]> {
  return (value) => {
    if (!isArray(value)) throw wrongType(value, 'a sequence')
    return value.map((item, index) => below(index, () => decoder(item)))
  }
}

export function map<T>(decoder: Decoder<T>): Decoder<Record<string, T>> {
  return (value) => {
    if (!isObject(value)) throw wrongType(value, 'a map')
    const entries = Object.keys(value).map((key) => [key, below(key, () => decoder(value[key]!))] as const)
    return Object.fromEntries(entries)
  }
}

/** A map that is gathered before it is judged: errors point behind it. */
export function gatheredMap<T>(decoder: Decoder<T>): Decoder<Record<string, T>> {
  const decode = map(decoder)
  return (value) => {
    try {
      return decode(value)
    } catch (error) {
      if (!(error instanceof DecodeError) || !isObject(value)) throw error
      throw new DecodeError(error.message, 'end')
    }
  }
}

export const object: Decoder<JsonObject> = (value) => {
  if (!isObject(value)) throw wrongType(value, 'a map')
  return value
}

/** A unit enum. */
export function oneOf<T extends string>(...variants: readonly T[]): Decoder<T> {
  return (value) => {
    if (typeof value !== 'string') throw new DecodeError('expected value', 'first')
    if (!(variants as readonly string[]).includes(value)) throw unknownVariant(value, variants)
    return value as T
  }
}

export function unknownVariant(value: string, variants: readonly string[]): DecodeError {
  const named = variants.map((variant) => `\`${variant}\``)
  const expected = named.length === 2 ? named.join(' or ') : `one of ${named.join(', ')}`
  return new DecodeError(`unknown variant \`${value}\`, expected ${expected}`, 'value')
}

/** What is read whole before it is judged: anything wrong below has the one message. */
export function buffered<T>(decoder: Decoder<T>, message?: string): Decoder<T> {
  return (value) => {
    try {
      return decoder(value)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      throw new DecodeError(message ?? error.message, 'after')
    }
  }
}

/** The first decoder that takes the value. */
export function untagged<T>(name: string, ...decoders: readonly Decoder<T>[]): Decoder<T> {
  return (value) => {
    for (const decoder of decoders) {
      try {
        return decoder(value)
      } catch (error) {
        // Another form may fit.
        if (!(error instanceof DecodeError)) throw error
      }
    }
    throw new DecodeError(`data did not match any variant of untagged enum ${name}`, 'after')
  }
}

export interface Field<T> {
  readonly decode: Decoder<T>
  /** Gives the value of an absent field; without it the field must be there. */
  readonly absent?: () => T
  /** In the form of a sequence, serde lets only fields with a default be left out. */
  readonly hasDefault?: boolean
  /** Other names of the field. */
  readonly also?: readonly string[]
}

export const required = <T>(decode: Decoder<T>): Field<T> => ({ decode })
export const optional = <T>(decode: Decoder<T>, ...also: readonly string[]): Field<T | undefined> => ({
  decode: option(decode),
  absent: () => undefined,
  also,
})
/** Absent or null; may be left out of a sequence too. */
export const defaulted = <T>(decode: Decoder<T>, ...also: readonly string[]): Field<T | undefined> => ({
  ...optional(decode, ...also),
  hasDefault: true,
})
/** May be absent, but not null. */
export const absentOr = <T>(decode: Decoder<T>, value: T, ...also: readonly string[]): Field<T> => ({
  decode,
  absent: () => value,
  hasDefault: true,
  also,
})

export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> }

/** A struct: a map of its fields, or a sequence of them in order. Unknown fields are left alone. */
export function struct<T extends object>(name: string, fields: Fields<T>): Decoder<T> {
  const names = Object.keys(fields) as (keyof T & string)[]
  const byName = new Map<string, keyof T & string>()
  for (const field of names) for (const key of [field, ...(fields[field].also ?? [])]) byName.set(key, field)
  return (value) => {
    if (isArray(value)) return fromSequence(name, fields, names, value)
    if (!isObject(value)) throw wrongType(value, `struct ${name}`)
    const decoded: Partial<T> = {}
    for (const key of Object.keys(value)) {
      const field = byName.get(key)
      if (field === undefined) continue
      // Under two of its names; that a name itself stands there twice is lost by now.
      if (field in decoded) throw new DecodeError(`duplicate field \`${field}\``, 'end')
      decoded[field] = below(key, () => fields[field].decode(value[key]!))
    }
    for (const field of names) {
      if (field in decoded) continue
      const { absent } = fields[field]
      if (absent === undefined) throw new DecodeError(`missing field \`${field}\``, 'end')
      decoded[field] = absent()
    }
    return decoded as T
  }
}

function fromSequence<T extends object>(
  name: string,
  fields: Fields<T>,
  names: readonly (keyof T & string)[],
  items: readonly JsonValue[],
): T {
  if (items.length > names.length) {
    throw new DecodeError(`invalid length ${items.length}, expected fewer elements in array`, 'end')
  }
  const decoded: Partial<T> = {}
  names.forEach((field, index) => {
    const item = items[index]
    if (item !== undefined) {
      decoded[field] = below(index, () => fields[field].decode(item))
      return
    }
    const { absent, hasDefault } = fields[field]
    if (hasDefault !== true || absent === undefined) {
      const elements = `${names.length} element${names.length === 1 ? '' : 's'}`
      throw new DecodeError(`invalid length ${index}, expected struct ${name} with ${elements}`, 'end')
    }
    decoded[field] = absent()
  })
  return decoded as T
}

/** A struct whose fields are gathered before they are judged: only a map will do, and errors point behind it. */
export function gathered<T extends object>(name: string, fields: Fields<T>): Decoder<T> {
  const decode = struct(name, fields)
  return (value) => {
    if (!isObject(value)) throw wrongType(value, `struct ${name}`)
    try {
      return decode(value)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      throw new DecodeError(error.message, 'end')
    }
  }
}
