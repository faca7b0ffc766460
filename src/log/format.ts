import { asBuffer, readU64, writeU64 } from '../encoding/binary.ts'
import { crc32c } from '../encoding/crc32c.ts'
import { formatUuid } from '../runtime/random.ts'

// The byte tables are in docs/format/log.md; change both together.
//
// Invariants:
//   - a file has its name only once its header is durable;
//   - the records of a file have consecutive numbers, the first one that of the file's name and header;
//   - a file is followed by another only when all its records are durable;
//   - at most one group of records is being written at a time, and a record's `durableSeq` is the last number
//     before its group. So a valid record proves that everything up to its `durableSeq` was once on the disk.

export const logFormatVersion = 1
export const fileHeaderBytes = 64
export const recordHeaderBytes = 32
export const bodyBytesMax = 2 ** 30
/** Reserved: an empty record without a number of its own that closes a file; its `durableSeq` is the last number. */
export const sealType = 0

const magic = Buffer.from('STILLOG\n', 'latin1')
export const recordVersion = 1

export interface FileHeader {
  readonly firstSeq: number
  /** UUID, the same in all files of a log. */
  readonly logId: string
}

export interface RecordHeader {
  readonly bodyBytes: number
  readonly type: number
  readonly seq: number
  readonly durableSeq: number
}

export interface ReadRecordHeader extends RecordHeader {
  readonly version: number
}

export function fileNameOf(firstSeq: number): string {
  return `${String(firstSeq).padStart(20, '0')}.log`
}

/** The first number of a log file's name; undefined for any other name. */
export function firstSeqOfName(name: string): number | undefined {
  return /^\d{20}\.log$/.test(name) ? Number(name.slice(0, 20)) : undefined
}

export function encodeFileHeader(header: FileHeader): Buffer {
  const bytes = Buffer.alloc(fileHeaderBytes)
  magic.copy(bytes, 0)
  bytes.writeUInt32LE(logFormatVersion, 8)
  bytes.writeUInt32LE(fileHeaderBytes, 12)
  writeU64(bytes, header.firstSeq, 16)
  Buffer.from(header.logId.replaceAll('-', ''), 'hex').copy(bytes, 24, 0, 16)
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, fileHeaderBytes - 4)), fileHeaderBytes - 4)
  return bytes
}

/** The header, or what is wrong with it. */
export function decodeFileHeader(
  bytes: Uint8Array,
): FileHeader | { readonly problem: string; readonly version?: number } {
  const header = asBuffer(bytes)
  if (header.length < fileHeaderBytes)
    return { problem: `the file header has ${header.length} of ${fileHeaderBytes} bytes` }
  if (!header.subarray(0, magic.length).equals(magic)) return { problem: 'it does not begin as a log file' }
  if (crc32c(header.subarray(0, fileHeaderBytes - 4)) !== markOf(header))
    return { problem: 'the file header fails its checksum' }
  const version = header.readUInt32LE(8)
  if (version !== logFormatVersion) return { problem: `it has format version ${version}`, version }
  return { firstSeq: readU64(header, 16), logId: formatUuid(header.subarray(24, 40)) }
}

/**
 * A file's mark: the checksum of its header, which holds a random id. Every record begins with it, so that bytes of
 * another file, or bytes that a client sends to look like a record, are not taken for one of this file.
 */
export function markOf(fileHeader: Buffer): number {
  return fileHeader.readUInt32LE(fileHeaderBytes - 4)
}

/** Writes all of a record's header but the checksum. */
export function encodeRecordHeader(target: Buffer, at: number, mark: number, header: RecordHeader): void {
  target.writeUInt32LE(mark, at)
  target.writeUInt32LE(header.bodyBytes, at + 8)
  target.writeUInt16LE(header.type, at + 12)
  target.writeUInt16LE(recordVersion, at + 14)
  writeU64(target, header.seq, at + 16)
  writeU64(target, header.durableSeq, at + 24)
}

/** The checksum of a record covers all that follows it; it starts from the mark. */
export function recordChecksum(afterChecksum: Uint8Array, mark: number): number {
  return crc32c(afterChecksum, mark)
}

export const checksumAt = 4
export const checksummedFrom = 8

/** Bytes of the record that begins at `at`, as its header states; undefined if no header of this file is there. */
export function recordBytesAt(bytes: Buffer, at: number, mark: number): number | undefined {
  if (bytes.length - at < recordHeaderBytes || bytes.readUInt32LE(at) !== mark) return undefined
  const bodyBytes = bytes.readUInt32LE(at + 8)
  return bodyBytes > bodyBytesMax ? undefined : recordHeaderBytes + bodyBytes
}

/** The header of the whole record of `length` bytes at `at`; undefined if it fails its checksum. */
export function decodeRecord(
  bytes: Buffer,
  at: number,
  length: number,
  mark: number,
): ReadRecordHeader | undefined {
  if (
    recordChecksum(bytes.subarray(at + checksummedFrom, at + length), mark) !==
    bytes.readUInt32LE(at + checksumAt)
  ) {
    return undefined
  }
  return {
    bodyBytes: length - recordHeaderBytes,
    type: bytes.readUInt16LE(at + 12),
    version: bytes.readUInt16LE(at + 14),
    seq: readU64(bytes, at + 16),
    durableSeq: readU64(bytes, at + 24),
  }
}
