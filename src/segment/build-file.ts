import { createHash } from 'node:crypto'
import { writeGraph } from '../graph/graph-writer.ts'
import { buildLinks, type LinksJob } from '../graph/hnsw/build-links.ts'
import type { VectorColumnImage } from '../graph/vector-column.ts'
import type { TypedField } from './field-values.ts'
import { BlockHasher, summedBytesMin } from './load/block-sums.ts'
import type { PackedColumnImage } from './packed-column.ts'
import { writePacked } from './packed-format.ts'
import { writeParquet, type PlacedRows } from './parquet/writer.ts'
import type { RowSetImage } from './row-set.ts'

/** One file of a segment, to be made. Structured-cloneable; the rows are in shared memory. */
export type BuildJob =
  | {
      readonly kind: 'rows'
      readonly rows: RowSetImage
      readonly fields: Readonly<Record<string, TypedField>>
    }
  | { readonly kind: 'graph'; readonly column: VectorColumnImage }
  | { readonly kind: 'packed'; readonly column: PackedColumnImage }
  | ({ readonly kind: 'links' } & LinksJob)

/** What a finished file is checked by, for ever after. */
export interface FileDigest {
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
  /** Of a large file, the SHA-256 of each block: see load/block-sums.ts. */
  readonly sums?: Uint8Array
  /** Of rows.parquet. */
  readonly runs?: PlacedRows
}

/** The file's bytes in parts, each with a buffer of its own or in the shared memory of the rows; its digest at the end. */
export async function* buildFile(job: BuildJob): AsyncGenerator<Uint8Array, FileDigest> {
  const hash = createHash('sha256')
  const blocks = new BlockHasher()
  const more: { runs?: PlacedRows } = {}
  let bytes = 0
  for await (const part of partsOf(job, more)) {
    hash.update(part)
    blocks.update(part)
    bytes += part.byteLength
    yield sendable(part)
  }
  const sums = bytes < summedBytesMin ? {} : { sums: blocks.digest() }
  return { bytes, sha256: hash.digest('hex'), ...sums, ...more }
}

function partsOf(
  job: BuildJob,
  more: { runs?: PlacedRows },
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  switch (job.kind) {
    case 'rows':
      return rowsParts(job, more)
    case 'graph':
      return writeGraph(job.column)
    case 'packed':
      return writePacked(job.column)
    case 'links':
      return buildLinks(job)
  }
}

function* rowsParts(
  { rows, fields }: Extract<BuildJob, { kind: 'rows' }>,
  more: { runs?: PlacedRows },
): Generator<Uint8Array> {
  more.runs = yield* writeParquet(rows, fields)
}

/** A small part may lie in a buffer that others use as well: it cannot be handed over to another thread. */
function sendable(part: Uint8Array): Uint8Array {
  const isShared = part.buffer instanceof SharedArrayBuffer
  return isShared || part.byteLength === part.buffer.byteLength ? part : new Uint8Array(part)
}
