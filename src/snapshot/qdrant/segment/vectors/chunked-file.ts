import { asBuffer, readU64 } from '../../../../encoding/binary.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import type { SegmentFiles } from '../segment-files.ts'
import type { EntryBytes } from '../../types.ts'
import type { RowFile } from './row-file.ts'

// A folder of `config.json`, `status.dat` (u64 count) and chunks without a head, each of the same whole number of rows.

/** What Qdrant takes if there is no config.json. */
const defaultChunkBytes = 32 * 1024 * 1024

/** @throws archive-invalid */
export async function openChunkedFile(
  folder: SegmentFiles,
  dim: number,
  elementBytes: number,
): Promise<RowFile> {
  const rowBytes = dim * elementBytes
  const rowsPerChunk = await readRowsPerChunk(folder, dim, rowBytes)
  const chunkBytes = rowsPerChunk * rowBytes
  const status = folder.get('status.dat')
  if (status.bytes < 8) throw invalidEntry(status.name, `it has ${status.bytes} bytes in the place of 8`)
  const count = readU64(asBuffer(await status.read(0, 8)), 0)
  const chunks: EntryBytes[] = []
  for (let at = 0; ; at++) {
    const chunk = folder.find(`chunk_${at}.mmap`)
    if (chunk === undefined) break
    if (chunk.bytes !== chunkBytes)
      throw invalidEntry(chunk.name, `it has ${chunk.bytes} bytes, config.json says ${chunkBytes}`)
    chunks.push(chunk)
  }
  const needed = Math.ceil(count / rowsPerChunk)
  if (!Number.isSafeInteger(count) || chunks.length !== needed)
    throw invalidEntry(
      status.name,
      `it counts ${count} rows, which need ${needed} chunks; there are ${chunks.length}`,
    )
  return new ChunkedFile(folder.name, count, rowBytes, chunkBytes, chunks)
}

async function readRowsPerChunk(folder: SegmentFiles, dim: number, rowBytes: number): Promise<number> {
  if (folder.find('config.json') === undefined) return Math.max(1, Math.floor(defaultChunkBytes / rowBytes))
  const config = await folder.json('config.json')
  const rows = config.member('chunk_size_vectors').count(1)
  const bytes = config.member('chunk_size_bytes').count(1)
  if (config.member('dim').count() !== dim)
    throw config.member('dim').fail(`is not ${dim}, as segment.json says`)
  if (bytes !== rows * rowBytes)
    throw config.member('chunk_size_bytes').fail(`is ${bytes}, ${rows} rows have ${rows * rowBytes}`)
  return rows
}

class ChunkedFile implements RowFile {
  readonly name: string
  readonly count: number
  readonly rowBytes: number
  readonly rowsPerChunk: number
  readonly #chunkBytes: number
  readonly #chunks: readonly EntryBytes[]

  constructor(
    name: string,
    count: number,
    rowBytes: number,
    chunkBytes: number,
    chunks: readonly EntryBytes[],
  ) {
    this.name = name
    this.count = count
    this.rowBytes = rowBytes
    this.rowsPerChunk = chunkBytes / rowBytes
    this.#chunkBytes = chunkBytes
    this.#chunks = chunks
  }

  async read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    const inFirst = offset % this.#chunkBytes
    if (inFirst + length <= this.#chunkBytes)
      return this.#chunks[Math.floor(offset / this.#chunkBytes)]!.read(inFirst, length, into)
    const parts: Uint8Array[] = []
    for (let at = offset; at < offset + length;) {
      const inChunk = at % this.#chunkBytes
      const bytes = Math.min(offset + length - at, this.#chunkBytes - inChunk)
      parts.push(await this.#chunks[Math.floor(at / this.#chunkBytes)]!.read(inChunk, bytes))
      at += bytes
    }
    return Buffer.concat(parts)
  }

  place(offset: number): string {
    return `byte ${offset % this.#chunkBytes} of chunk_${Math.floor(offset / this.#chunkBytes)}.mmap`
  }
}
