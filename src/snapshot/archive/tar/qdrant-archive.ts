import { blockBytes, field, ustarMagic } from './tar-format.ts'

const gnuMagic = 'ustar  \0'
// What stands first in archives of collections, of shards, and of the whole storage.
const shardEntry =
  /^(?:\d+\/)?(?:$|segments(?:\/|_manifest\.json$)|wal(?:\/|$)|(?:shard_config|replica_state|newest_clocks|oldest_clocks|applied_seq)\.json$)/
const topEntry =
  /^(?:version\.info|config\.json|shard_key_mapping\.json|payload_index\.json|[^/]+\.snapshot)$/

/** Whether an archive that begins with this header is one of Qdrant. A shorter block is no header. */
export function isQdrantHeader(block: Uint8Array): boolean {
  if (block.byteLength < blockBytes) return false
  const header = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  const textOf = ([offset, length]: readonly [number, number]): string =>
    header.toString('latin1', offset, offset + length)
  const magic = textOf(field.magic)
  const name = textOf(field.name).replace(/\0.*$/s, '')
  // The server writes the first; tools that put its files together again, plain ustar, as ours are.
  const isOther = magic === gnuMagic || (magic === ustarMagic && !name.startsWith('segments/'))
  if (!isOther) return false
  return shardEntry.test(name) || topEntry.test(name)
}
