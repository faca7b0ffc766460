import { createHash } from 'node:crypto'
import { writeU64 } from '../encoding/binary.ts'
import { crc32c } from '../encoding/crc32c.ts'
import type { CollectionId, SegmentId, SequenceNumber } from '../ids/brands.ts'
import { assert } from '../runtime/assert.ts'
import { systemRandom, type Random } from '../runtime/random.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import {
  deletionBytes,
  deltaFormatVersion,
  deltaHeaderBytes,
  deltaMagic,
  deltaTrailerBytes,
} from './delta-format.ts'
import { segmentKey, type DeltaFile } from './format.ts'

export interface Deletion {
  readonly row: number
  readonly seq: SequenceNumber
}

/**
 * Writes deletions, at least one and in the order of their numbers, as a new file of the segment. Its name is one that
 * nobody else uses: clones delete in the same segment, each for itself.
 */
export async function writeDelta(
  store: ObjectStore,
  segment: SegmentId,
  collection: CollectionId,
  deletions: readonly Deletion[],
  random: Random = systemRandom,
): Promise<DeltaFile> {
  const upTo = deletions.at(-1)?.seq
  assert(upTo !== undefined, 'a delta file has a deletion')
  const bytes = encodeDelta(segment, collection, deletions)
  const name = `deltas-${String(upTo).padStart(20, '0')}-${random.uuid().slice(0, 8)}.bin`
  await store.put(segmentKey(segment, name), bytes, { ifAbsent: true })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { name, bytes: bytes.length, sha256, upTo, count: deletions.length }
}

function encodeDelta(
  segment: SegmentId,
  collection: CollectionId,
  deletions: readonly Deletion[],
): Uint8Array {
  const bytes = Buffer.alloc(deltaHeaderBytes + deletions.length * deletionBytes + deltaTrailerBytes)
  deltaMagic.copy(bytes)
  bytes.writeUInt32LE(deltaFormatVersion, 8)
  bytes.writeUInt32LE(deletions.length, 12)
  bytes.write(segment.replaceAll('-', ''), 16, 'hex')
  bytes.write(collection.replaceAll('-', ''), 32, 'hex')
  let at = deltaHeaderBytes
  let last = 0
  for (const { row, seq } of deletions) {
    assert(seq >= last, 'deletions are in the order of their numbers')
    bytes.writeUInt32LE(row, at)
    writeU64(bytes, seq, at + 4)
    last = seq
    at += deletionBytes
  }
  writeU64(bytes, last, 48)
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, at)), at)
  return bytes
}
