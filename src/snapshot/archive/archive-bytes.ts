import { DatabaseError } from '../../errors/database-error.ts'
import type { ByteRange } from './layout.ts'

/** An archive as bytes of known length, of which any range can be read, any number of times. */
export interface ArchiveBytes {
  readonly bytes: number
  /** By default everything. @throws request-invalid for a range outside of it */
  stream(range?: Partial<ByteRange>): AsyncIterable<Uint8Array>
}

/** What is left out goes to the end. @throws request-invalid for a range outside the archive */
export function resolveRange(bytes: number, range: Partial<ByteRange> = {}): ByteRange {
  const offset = range.offset ?? 0
  const length = range.length ?? bytes - offset
  const isValid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
  if (isValid && offset + length <= bytes) return { offset, length }
  throw new DatabaseError(
    'request-invalid',
    `Cannot read ${length} bytes of the archive from ${offset}: it has ${bytes} bytes`,
    { offset, length, bytes },
  )
}

/** Bytes that are in memory. */
export function bytesInMemory(content: Uint8Array): ArchiveBytes {
  return {
    bytes: content.byteLength,
    stream(range) {
      const { offset, length } = resolveRange(content.byteLength, range)
      return oneChunk(content.subarray(offset, offset + length))
    },
  }
}

export async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes
}

/** Everything, or one range; for parts that fit into memory. */
export async function readAll(source: ArchiveBytes, range: Partial<ByteRange> = {}): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of source.stream(range)) parts.push(chunk)
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}
