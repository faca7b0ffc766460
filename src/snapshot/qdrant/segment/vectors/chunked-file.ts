import { asBuffer, readU64 } from '../../../../encoding/binary.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import type { SegmentFiles } from '../segment-files.ts'
import { readPieces } from '../../entry-bytes.ts'
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

  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    return readPieces(this.#chunks, this.#chunkBytes, offset, length, into)
  }

  place(offset: number): string {
    return `byte ${offset % this.#chunkBytes} of chunk_${Math.floor(offset / this.#chunkBytes)}.mmap`
  }
}
