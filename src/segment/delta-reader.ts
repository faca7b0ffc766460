import { asBuffer, readU64 } from '../encoding/binary.ts'
import { crc32c } from '../encoding/crc32c.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { SegmentId } from '../ids/brands.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import {
  deletionBytes,
  deltaFormatVersion,
  deltaHeaderBytes,
  deltaMagic,
  deltaTrailerBytes,
} from './delta-format.ts'
import { decoding, readWhole } from './file-reader.ts'
import { segmentKey, type DeltaFile } from './format.ts'

export interface StoredDeletions {
  readonly rows: Uint32Array
  /** Never falling. */
  readonly seqs: Float64Array
}

/**
 * All deletions of the file, those above `file.upTo` too: what counts is for the caller to choose.
 * @throws segment-corrupt naming the file, version-unsupported, object-not-found
 */
export async function readDelta(
  store: ObjectStore,
  segment: SegmentId,
  file: DeltaFile,
  rowCount: number,
): Promise<StoredDeletions> {
  const key = segmentKey(segment, file.name)
  const bytes = await readWhole(store, { key, bytes: file.bytes, sha256: file.sha256 })
  return decoding(key, () => decodeDelta(key, asBuffer(bytes), file, rowCount))
}

function decodeDelta(key: string, bytes: Buffer, file: DeltaFile, rowCount: number): StoredDeletions {
  checkFrame(key, bytes)
  const count = bytes.readUInt32LE(12)
  if (count !== file.count) throw new Error(`it has ${count} deletions, its manifest says ${file.count}`)
  if (bytes.length !== deltaHeaderBytes + count * deletionBytes + deltaTrailerBytes) {
    throw new Error(`it has ${bytes.length} bytes for ${count} deletions`)
  }
  const rows = new Uint32Array(count)
  const seqs = new Float64Array(count)
  let last = 0
  for (let i = 0; i < count; i++) {
    const at = deltaHeaderBytes + i * deletionBytes
    const row = bytes.readUInt32LE(at)
    const seq = readU64(bytes, at + 4)
    if (row >= rowCount) throw new Error(`it deletes row ${row} of ${rowCount}`)
    if (!Number.isSafeInteger(seq) || seq < last) throw new Error('its numbers are not in order')
    rows[i] = row
    seqs[i] = seq
    last = seq
  }
  if (readU64(bytes, 48) !== last) throw new Error('its last number is not the one in its header')
  if (file.upTo > last) throw new Error(`it ends at ${last}, its manifest says ${file.upTo}`)
  return { rows, seqs }
}

function checkFrame(key: string, bytes: Buffer): void {
  if (bytes.length < deltaHeaderBytes + deltaTrailerBytes || !bytes.subarray(0, 8).equals(deltaMagic)) {
    throw new Error('it does not begin as a delta file')
  }
  const version = bytes.readUInt32LE(8)
  if (version > deltaFormatVersion) {
    const text = `Cannot read ${key}: its format version is ${version}, this release reads up to ${deltaFormatVersion}`
    throw new DatabaseError('version-unsupported', text, { key, version })
  }
  const end = bytes.length - deltaTrailerBytes
  if (crc32c(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) {
    throw new Error('its content does not have the checksum that it states')
  }
}
