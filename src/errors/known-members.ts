import { DatabaseError } from './database-error.ts'
import type { ErrorCode } from './codes.ts'

/** Every member of a type, and of each type of a union: the compiler misses one that is left out. */
export type Members<T> = Readonly<Record<T extends unknown ? keyof T : never, true>>

/** The first member of an object that nothing would read, most often a misspelt one; one that is undefined is none. */
export function unknownMember(value: object, known: Readonly<Record<string, true>>): string | undefined {
  for (const name in value) {
    if (known[name] !== true && (value as Record<string, unknown>)[name] !== undefined) return name
  }
  return undefined
}

export interface CheckedMembers {
  /** Begins the message: `Cannot query`. */
  readonly cannot: string
  /** What has the members: `a request`. */
  readonly of: string
  /** Default `request-invalid`. */
  readonly code?: ErrorCode
}

/** @throws request-invalid, or the code that is given, naming the member and those that there are */
export function checkMembers<T extends object>(
  value: T,
  known: Members<T>,
  { cannot, of, code = 'request-invalid' }: CheckedMembers,
): void {
  const member = unknownMember(value, known)
  if (member === undefined) return
  const there = Object.keys(known).join(', ')
  throw new DatabaseError(code, `${cannot}: ${of} has no member "${member}", only ${there}`, { member })
}
