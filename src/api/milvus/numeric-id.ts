import { createHash } from 'node:crypto'

const least = 440_000_000_000_000_000n
const span = 60_000_000_000_000_000n

/**
 * Milvus names collections, partitions, segments and snapshots by numbers of 18 digits, the engine by UUIDs and names: the
 * number is made of the SHA-256 of the text, in the range of Milvus' own.
 */
export function numericId(...names: readonly string[]): bigint {
  const digest = createHash('sha256').update(names.join('\0')).digest()
  return least + (digest.readBigUInt64LE(0) % span)
}
