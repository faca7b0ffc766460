/** Makes the error for a field that is not what it should be. `path` reads like `collections[0].name`. */
export type FieldError = (path: string, why: string) => Error

const sha256Text = /^[0-9a-f]{64}$/
const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * A place in a parsed JSON document that nobody vouches for. Every method checks what is there and gives it as a
 * plain value, or throws. Only own properties count, so keys like `__proto__` are keys like any other.
 */
export class JsonField {
  readonly path: string
  readonly #value: unknown
  readonly #error: FieldError

  constructor(value: unknown, error: FieldError, path = '') {
    this.path = path
    this.#value = value
    this.#error = error
  }

  fail(why: string): Error {
    return this.#error(this.path, why)
  }

  get isAbsent(): boolean {
    return this.#value === undefined
  }

  get isNull(): boolean {
    return this.#value === null
  }

  /** A member of the object that stands here; `isAbsent` if it has none of this name. */
  member(name: string): JsonField {
    const object = this.#object()
    const value: unknown = Object.hasOwn(object, name) ? object[name] : undefined
    return new JsonField(value, this.#error, this.path === '' ? name : `${this.path}.${name}`)
  }

  /** The members of an object used as a map. */
  members(): readonly (readonly [string, JsonField])[] {
    return Object.keys(this.#object()).map((name) => [name, this.member(name)])
  }

  /** An object used as a map, each value decoded. */
  record<T>(decode: (field: JsonField, key: string) => T): Readonly<Record<string, T>> {
    return Object.fromEntries(this.members().map(([name, field]) => [name, decode(field, name)]))
  }

  array<T>(decode: (field: JsonField, index: number) => T): readonly T[] {
    if (!Array.isArray(this.#value)) throw this.fail('is not an array')
    return this.#value.map((value: unknown, index) => {
      return decode(new JsonField(value, this.#error, `${this.path}[${index}]`), index)
    })
  }

  /** The object itself, unchecked within. */
  object(): Readonly<Record<string, unknown>> {
    return this.#object()
  }

  text(): string {
    if (typeof this.#value !== 'string') throw this.fail('is not a string')
    return this.#value
  }

  name(): string {
    const text = this.text()
    if (text === '') throw this.fail('is empty')
    return text
  }

  oneOf<const T extends string>(choices: readonly T[]): T {
    const text = this.text()
    const found = choices.find((choice) => choice === text)
    if (found === undefined) throw this.fail(`is none of ${choices.join(', ')}`)
    return found
  }

  boolean(): boolean {
    if (typeof this.#value !== 'boolean') throw this.fail('is neither true nor false')
    return this.#value
  }

  /** A whole number from 0 to 2^53 - 1, or within the bounds given. */
  count(min = 0, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#value
    const isWhole = Number.isSafeInteger(value) && !Object.is(value, -0)
    if (typeof value === 'number' && isWhole && value >= min && value <= max) return value
    throw this.fail(`is not a whole number from ${min} to ${max}`)
  }

  /** Lower case with hyphens. */
  uuid(): string {
    const text = this.text()
    if (!uuidText.test(text)) throw this.fail('is not a UUID in lower case with hyphens')
    return text
  }

  sha256(): string {
    const text = this.text()
    if (!sha256Text.test(text)) throw this.fail('is not a SHA-256 in lower-case hex')
    return text
  }

  #object(): Readonly<Record<string, unknown>> {
    const value = this.#value
    const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value)
    const prototype: unknown = isPlain ? Object.getPrototypeOf(value) : undefined
    if (prototype === null || prototype === Object.prototype)
      return value as Readonly<Record<string, unknown>>
    // Exact numbers are objects of a class of their own.
    throw this.fail(this.isAbsent ? 'is missing' : 'is not an object')
  }
}
