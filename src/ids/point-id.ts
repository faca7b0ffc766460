import { DatabaseError } from '../errors/database-error.ts'
import { formatUuid } from '../runtime/random.ts'

/** An unsigned 64-bit integer (a bigint beyond 2^53 - 1) or a UUID (any usual spelling; returned in lower case with hyphens). */
export type PointId = number | bigint | string

/**
 * A point id as four 32-bit words and a kind, the form that is hashed, compared and stored.
 * A number n is [n mod 2^32, n div 2^32, 0, 0]; a UUID is its 16 bytes as big-endian words.
 */
export interface IdWords {
  kind: IdKind
  w0: number
  w1: number
  w2: number
  w3: number
}

export const idKindNumber = 0
export const idKindUuid = 1
export type IdKind = typeof idKindNumber | typeof idKindUuid

const maxU64 = (1n << 64n) - 1n
const uuidText =
  /^(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i

/** The words of a UUID in any usual spelling, or undefined. */
export function parseUuid(text: string): IdWords | undefined {
  const match = uuidText.exec(text)
  if (match === null) return undefined
  const hex = match[1]! + match[2]! + match[3]! + match[4]! + match[5]!
  const word = (at: number): number => Number.parseInt(hex.slice(at, at + 8), 16)
  return { kind: idKindUuid, w0: word(0), w1: word(8), w2: word(16), w3: word(24) }
}

/** @throws request-invalid for negative, fractional or too large numbers and text that is no UUID. */
export function wordsOfId(id: PointId): IdWords {
  if (typeof id === 'number') {
    if (!Number.isSafeInteger(id) || id < 0) throw invalidId(id)
    return { kind: idKindNumber, w0: id >>> 0, w1: Math.floor(id / 2 ** 32), w2: 0, w3: 0 }
  }
  if (typeof id === 'bigint') {
    if (id < 0n || id > maxU64) throw invalidId(id)
    return { kind: idKindNumber, w0: Number(id & 0xffffffffn), w1: Number(id >> 32n), w2: 0, w3: 0 }
  }
  const words = typeof id === 'string' ? parseUuid(id) : undefined
  if (words === undefined) throw invalidId(id)
  return words
}

function invalidId(id: unknown): DatabaseError {
  return new DatabaseError(
    'request-invalid',
    `Cannot use point id ${String(id)}: it is neither an unsigned 64-bit integer nor a UUID`,
    { id },
  )
}

export function idOfWords(words: Readonly<IdWords>): PointId {
  if (words.kind === idKindNumber) {
    if (words.w1 < 0x200000) return words.w1 * 2 ** 32 + words.w0
    return (BigInt(words.w1) << 32n) | BigInt(words.w0)
  }
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(words.w0, 0)
  bytes.writeUInt32BE(words.w1, 4)
  bytes.writeUInt32BE(words.w2, 8)
  bytes.writeUInt32BE(words.w3, 12)
  return formatUuid(bytes)
}

/** Numbers first, by value; then UUIDs, by their bytes. */
export function compareWords(a: Readonly<IdWords>, b: Readonly<IdWords>): number {
  if (a.kind !== b.kind) return a.kind - b.kind
  if (a.kind === idKindNumber) return a.w1 - b.w1 || a.w0 - b.w0
  return a.w0 - b.w0 || a.w1 - b.w1 || a.w2 - b.w2 || a.w3 - b.w3
}

/** A 32-bit hash (murmur3's finaliser over the words): places ids in tables and in shards. Part of the storage format. */
export function hashWords({ kind, w0, w1, w2, w3 }: Readonly<IdWords>): number {
  return hashParts(kind, w0, w1, w2, w3)
}

/** The same, where the words lie in columns. */
export function hashParts(kind: number, w0: number, w1: number, w2: number, w3: number): number {
  let hash = 0x9e3779b9 ^ kind
  hash = mix(hash ^ w0)
  hash = mix(hash ^ w1)
  if (kind === idKindUuid) hash = mix(mix(hash ^ w2) ^ w3)
  return hash >>> 0
}

function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
