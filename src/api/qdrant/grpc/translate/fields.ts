import type { Message } from '../wire/messages.ts'

interface Long {
  readonly low: number
  readonly high: number
  readonly unsigned: boolean
}

/**
 * Reads a decoded message. What was not set is undefined, except for scalars that the wire leaves out where they are
 * zero: `count`, `truth` and `words` give those.
 */
export class Fields {
  readonly #message: Message

  constructor(message: Message) {
    this.#message = message
  }

  /** The decoded message itself. */
  get message(): Message {
    return this.#message
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#message, name) ? (this.#message[name] ?? undefined) : undefined
  }

  has(name: string): boolean {
    return this.#own(name) !== undefined
  }

  /** Whether anything was put into a map. */
  hasEntries(name: string): boolean {
    return Object.keys(this.#own(name) ?? {}).length > 0
  }

  /** Which of the members of a oneof was set. */
  which<T extends string>(...names: readonly T[]): T | undefined {
    return names.find((name) => this.has(name))
  }

  text(name: string): string | undefined {
    return this.#own(name) as string | undefined
  }

  words(name: string): string {
    return this.text(name) ?? ''
  }

  flag(name: string): boolean | undefined {
    return this.#own(name) as boolean | undefined
  }

  truth(name: string): boolean {
    return this.flag(name) ?? false
  }

  /** Of 32 or 64 bits, exact. */
  integer(name: string): number | bigint | undefined {
    const value = this.#own(name)
    return value === undefined ? undefined : exactInteger(value)
  }

  count(name: string): number | bigint {
    return this.integer(name) ?? 0
  }

  float(name: string): number | undefined {
    return this.#own(name) as number | undefined
  }

  /** The number of an enum's member. */
  variant(name: string): number | undefined {
    return this.#own(name) as number | undefined
  }

  sub(name: string): Fields | undefined {
    const value = this.#own(name)
    return value === undefined ? undefined : new Fields(value as Message)
  }

  subs(name: string): readonly Fields[] {
    return ((this.#own(name) ?? []) as readonly Message[]).map((one) => new Fields(one))
  }

  texts(name: string): readonly string[] {
    return (this.#own(name) ?? []) as readonly string[]
  }

  floats(name: string): readonly number[] {
    return (this.#own(name) ?? []) as readonly number[]
  }

  integers(name: string): readonly (number | bigint)[] {
    return ((this.#own(name) ?? []) as readonly unknown[]).map(exactInteger)
  }

  /** A map of messages, in the order of the wire. */
  entries(name: string): readonly (readonly [key: string, value: Fields])[] {
    const map = (this.#own(name) ?? {}) as Readonly<Record<string, Message>>
    return Object.keys(map).map((key) => [key, new Fields(map[key]!)] as const)
  }
}

/** A number as far as numbers are exact. */
export function exactInteger(value: unknown): number | bigint {
  if (typeof value === 'number') return value
  const { low, high, unsigned } = value as Long
  const bits = (BigInt(high) << 32n) | BigInt(low >>> 0)
  const integer = unsigned ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits)
  const isSafe = integer <= BigInt(Number.MAX_SAFE_INTEGER) && integer >= BigInt(Number.MIN_SAFE_INTEGER)
  return isSafe ? Number(integer) : integer
}
