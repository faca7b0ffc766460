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
import {
  planRead,
  wantedColumns,
  type GroupColumns,
  type PlannedGroup,
  type SeqRange,
} from '../parquet/reader.ts'
import { PayloadColumn } from '../payload-column.ts'
import type { RowColumns } from '../row-set.ts'
import { sharedBytes, sharedFloat64, sharedUint32 } from '../shared-array.ts'
import type { CheckedFile } from './checked-file.ts'
import type { LoadResults } from './load-job.ts'
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
    await columns.fill(file, planRead(layout), info, run)
    return columns.finish(run)
  })
}

/** Columns of the whole segment, filled group by group. */
class RowArrays {
  readonly #columns: GroupColumns
  readonly #chunks: Uint8Array<SharedArrayBuffer>[] = []

  constructor(rowCount: number) {
    this.#columns = {
      words: sharedUint32(rowCount * 4),
      kinds: sharedBytes(rowCount),
      written: sharedFloat64(rowCount),
      places: sharedUint32(rowCount * 3),
    }
  }

  /** Nobody writes to the columns any more when this ends, however it does. */
  async fill(
    file: CheckedFile,
    groups: readonly PlannedGroup[],
    seqs: SeqRange,
    run: RunLoadJob,
  ): Promise<void> {
    const shared = {
      kind: 'groups',
      columns: this.#columns,
      seqs: { minSeq: seqs.minSeq, maxSeq: seqs.maxSeq },
    } as const
    const found = await file.inThreads((source, next) => ({ ...shared, groups, source, next }))
    if (found !== undefined) {
      for (const decoded of found) this.#keep(decoded, file)
      return
    }
    const pending: Promise<void>[] = []
    try {
      for (const group of groups) {
        const bytes = await file.read(group.start, group.end)
        const decoded = run({ ...shared, groups: [group], source: { bytes } }).then((one) =>
          this.#keep(one, file),
        )
        // Its failure comes to light below; until then it must not count as unhandled.
        decoded.catch(() => undefined)
        pending.push(decoded)
        if (pending.length > groupsAhead) await pending.shift()
      }
    } finally {
      await Promise.allSettled(pending)
    }
    await Promise.all(pending)
  }

  #keep(decoded: LoadResults['groups'], file: CheckedFile): void {
    if ('fault' in decoded) throw file.faulty(decoded.fault)
    for (const { index, payloads } of decoded.payloads) this.#chunks[index] = payloads
  }

  async finish(run: RunLoadJob): Promise<Omit<RowColumns, 'vectors'>> {
    const { words, kinds, written, places } = this.#columns
    const ids = { words, kinds }
    const index = await run({ kind: 'index', ids, written })
    return {
      ids: IdColumn.adopt(ids),
      written,
      payloads: PayloadColumn.adopt(places, this.#chunks),
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
