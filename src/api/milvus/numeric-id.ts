import { createHash } from 'node:crypto'

const positive = (1n << 62n) - 1n

/**
 * Milvus names collections, partitions, segments and snapshots by 64-bit numbers, the engine by UUIDs and names: the
 * number is 62 bits of the SHA-256 of the text, never 0.
 */
export function numericId(...names: readonly string[]): bigint {
  const digest = createHash('sha256').update(names.join('\0')).digest()
  return (digest.readBigUInt64LE(0) & positive) | 1n
}
