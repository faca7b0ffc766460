import { asBuffer } from '../../encoding/binary.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { decoding } from '../file-reader.ts'
import type { SegmentInfo } from '../format.ts'
import { IdColumn } from '../id-column.ts'
import {
  footerLength,
  magicText,
  parseFooter,
  tailBytes,
  UnknownVersion,
  type RowsLayout,
} from '../parquet/footer.ts'
import { planRead, wantedColumns, type PlannedGroup } from '../parquet/reader.ts'
import { PayloadColumn } from '../payload-column.ts'
import type { RowColumns } from '../row-set.ts'
import { sharedBytes, sharedFloat64, sharedUint32 } from '../shared-array.ts'
import type { CheckedFile } from './checked-file.ts'
import type { RunLoadJob } from './load-threads.ts'

// Groups that are decoded, or wait for it, while the next one is read.
const groupsAhead = 4

/** Ids, numbers and payloads of a segment. @throws segment-corrupt, version-unsupported */
export async function readRows(
  file: CheckedFile,
  info: SegmentInfo,
  run: RunLoadJob,
): Promise<Omit<RowColumns, 'vectors'>> {
  return decodingRows(file.key, async () => {
    const layout = await readLayout(file)
    const { rowCount } = info
    if (layout.rowCount !== rowCount)
      throw new Error(`it has ${layout.rowCount} rows, its manifest says ${rowCount}`)
    const columns = new RowArrays(rowCount)
    const pending: Promise<void>[] = []
    try {
      for (const [chunk, group] of planRead(layout).entries()) {
        const bytes = await file.read(group.start, group.end)
        const decoded = columns.decode(group, chunk, bytes, info, run)
        // Its failure comes to light below; until then it must not count as unhandled.
        decoded.catch(() => undefined)
        pending.push(decoded)
        if (pending.length > groupsAhead) await pending.shift()
      }
    } finally {
      await Promise.allSettled(pending)
    }
    await Promise.all(pending)
    return columns.finish(run)
  })
}

/** Columns of the whole segment, filled group by group. */
class RowArrays {
  readonly #words: Uint32Array
  readonly #kinds: Uint8Array
  readonly #written: Float64Array
  readonly #places: Uint32Array
  readonly #chunks: Uint8Array<SharedArrayBuffer>[] = []

  constructor(rowCount: number) {
    this.#words = sharedUint32(rowCount * 4)
    this.#kinds = sharedBytes(rowCount)
    this.#written = sharedFloat64(rowCount)
    this.#places = sharedUint32(rowCount * 3)
  }

  /** @param bytes those of the group */
  async decode(
    group: PlannedGroup,
    chunk: number,
    bytes: Uint8Array,
    { minSeq, maxSeq }: SegmentInfo,
    run: RunLoadJob,
  ): Promise<void> {
    const { firstRow, rowCount } = group
    const end = firstRow + rowCount
    const { payloads } = await run({
      kind: 'group',
      group: group.bytesFrom(bytes),
      target: {
        words: this.#words.subarray(firstRow * 4, end * 4),
        kinds: this.#kinds.subarray(firstRow, end),
        written: this.#written.subarray(firstRow, end),
        places: this.#places.subarray(firstRow * 3, end * 3),
        chunk,
      },
      seqs: { minSeq, maxSeq },
    })
    this.#chunks[chunk] = payloads
  }

  async finish(run: RunLoadJob): Promise<Omit<RowColumns, 'vectors'>> {
    const ids = { words: this.#words, kinds: this.#kinds }
    const index = await run({ kind: 'index', ids, written: this.#written })
    return {
      ids: IdColumn.adopt(ids),
      written: this.#written,
      payloads: PayloadColumn.adopt(this.#places, this.#chunks),
      index,
    }
  }
}

async function readLayout(file: CheckedFile): Promise<RowsLayout> {
  if (file.bytes < 2 * tailBytes) throw new Error('it is too short')
  const tail = asBuffer(await file.read(file.bytes - tailBytes, file.bytes))
  const end = file.bytes - tailBytes
  const offset = end - footerLength(tail)
  if (offset < magicText.length) throw new Error('its metadata are longer than the file')
  return parseFooter(asBuffer(await file.read(offset, end)), offset, wantedColumns)
}

async function decodingRows<T>(key: string, decode: () => Promise<T>): Promise<T> {
  return decoding(key, async () => {
    try {
      return await decode()
    } catch (error) {
      if (!(error instanceof UnknownVersion)) throw error
      throw new DatabaseError('version-unsupported', `Cannot read ${key}: ${error.message}`, { key }, error)
    }
  })
}
