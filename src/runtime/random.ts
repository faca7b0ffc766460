import { randomBytes } from 'node:crypto'

/** Randomness as the engine sees it. Tests inject a seeded one. */
export interface Random {
  /** A fresh UUID, version 4, lower case with hyphens. */
  uuid(): string
  /** A number in [0, 1). */
  next(): number
}

export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function versionFour(bytes: Uint8Array): string {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return formatUuid(bytes)
}

export const systemRandom: Random = {
  uuid: () => versionFour(randomBytes(16)),
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
}

/** A deterministic source: the same seed gives the same sequence (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, uuid: () => versionFour(Uint8Array.from({ length: 16 }, () => Math.floor(next() * 256))) }
}
