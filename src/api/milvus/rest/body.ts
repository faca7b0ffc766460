import { JsonNumber, JsonSyntaxError, parseJson, type JsonValue } from '../../../index.ts'
import { missing, notJson } from './rest-error.ts'

type Members = Readonly<Record<string, JsonValue | undefined>>

/** A JSON object that is read member by member. What is null counts as not given. @throws RestError 1801, 1802 */
export class Body {
  readonly #members: Members

  constructor(members: Members) {
    this.#members = members
  }

  static parse(bytes: Uint8Array): Body {
    if (bytes.length === 0) throw notJson('the request body is empty, however {} is valid')
    try {
      return Body.of(plain(parseJson(bytes)), 'body')
    } catch (error) {
      if (error instanceof JsonSyntaxError) throw notJson(error.message)
      throw error
    }
  }

  static of(value: JsonValue, where: string): Body {
    if (!isObject(value)) throw wrong(where, 'an object')
    return new Body(value)
  }

  get members(): Members {
    return this.#members
  }

  has(name: string): boolean {
    return this.value(name) !== undefined
  }

  value(name: string): JsonValue | undefined {
    return Object.hasOwn(this.#members, name) ? (this.#members[name] ?? undefined) : undefined
  }

  needed(name: string): JsonValue {
    const value = this.value(name)
    if (value === undefined) throw missing(name)
    return value
  }

  /** '' if it is not given. */
  text(name: string): string {
    const value = this.value(name) ?? ''
    if (typeof value !== 'string') throw wrong(name, 'a text')
    return value
  }

  neededText(name: string): string {
    const text = this.text(name)
    if (text === '') throw missing(name)
    return text
  }

  flag(name: string, byDefault = false): boolean {
    const value = this.value(name) ?? byDefault
    if (typeof value !== 'boolean') throw wrong(name, 'true or false')
    return value
  }

  /** A number, or a text of digits. */
  integer(name: string): bigint | undefined {
    const value = this.value(name)
    return value === undefined ? undefined : integerOf(value, name)
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((one) => {
      if (typeof one !== 'string') throw wrong(name, 'a list of texts')
      return one
    })
  }

  /** Empty if it is not given. */
  list(name: string): readonly JsonValue[] {
    const value = this.value(name) ?? []
    if (!Array.isArray(value)) throw wrong(name, 'a list')
    return value as readonly JsonValue[]
  }

  bodies(name: string): readonly Body[] {
    return this.list(name).map((one) => Body.of(one, name))
  }

  /** Empty if it is not given. */
  body(name: string): Body {
    return Body.of(this.value(name) ?? {}, name)
  }

  /** The members as pairs of texts: numbers and flags as JSON writes them, lists and objects as JSON. */
  pairs(): readonly { readonly key: string; readonly value: string }[] {
    return Object.entries(this.#members)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => ({ key, value: textOf(value!) }))
  }
}

export function textOf(value: JsonValue): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? Number(one) : one))
}

export function integerOf(value: JsonValue, where: string): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^[+-]?\d{1,20}$/.test(value)) return BigInt(value)
  throw wrong(where, 'an integer')
}

const wrong = (member: string, expected: string) => notJson(`${member} has to be ${expected}`)

export const isObject = (value: JsonValue | undefined): value is Record<string, JsonValue> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)

/** Nothing is given back as it was spelled; integers beyond 2^53 stay exact. */
function plain(value: JsonValue): JsonValue {
  if (value instanceof JsonNumber) return Number(value.text)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
}
