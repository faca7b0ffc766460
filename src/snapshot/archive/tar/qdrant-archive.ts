import { field } from './tar-format.ts'

const gnuMagic = 'ustar  \0'
// What stands first in archives of collections, of shards, and of the whole storage.
const shardEntry =
  /^(?:\d+\/)?(?:segments(?:\/|_manifest\.json$)|wal(?:\/|$)|(?:shard_config|replica_state|newest_clocks|oldest_clocks|applied_seq)\.json$)/
const topEntry =
  /^(?:version\.info|config\.json|shard_key_mapping\.json|payload_index\.json|[^/]+\.snapshot)$/

/** Whether an archive that begins with this header is one of Qdrant: for the message that refuses it. */
export function isQdrantHeader(block: Uint8Array): boolean {
  const header = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  const textOf = ([offset, length]: readonly [number, number]): string =>
    header.toString('latin1', offset, offset + length)
  if (textOf(field.magic) !== gnuMagic) return false
  const name = textOf(field.name).replace(/\0.*$/s, '')
  return shardEntry.test(name) || topEntry.test(name)
}
