import { yieldToEventLoop } from '../../../runtime/yield.ts'
import { CborCounter, type CborSink } from '../wal/write-cbor.ts'
import { wholeBytes } from '../wal/log-files.ts'
import { WalFileWriter, walHeaderBytes, walTailBytes } from '../wal/write-wal.ts'
import type { PointEncoder } from './encode-point.ts'
import type { PlacedRow, RowPlace, ShardRows } from './shard-rows.ts'

// A file of Qdrant's log with upserts of rows. What a file will be is known before its first byte is made: rows of a view never
// change, so counting them and writing them later is the same work on the same rows.

/** Points of one entry at most. */
const entryPointsMax = 500

/** In bytes. An entry of one point may be larger, and a file by its last entry. */
export interface WalLimits {
  readonly entryBytes: number
  readonly fileBytes: number
}

interface PlannedEntry {
  readonly points: number
  readonly dataBytes: number
}

/** A file that is not there yet. */
export interface PlannedWalFile {
  /** Number of its first entry in the shard. */
  readonly firstIndex: number
  readonly from: RowPlace
  readonly entries: readonly PlannedEntry[]
  readonly bytes: number
}

/** The files of a shard; one without points has one entry without any. `onPause` may throw to end it. @throws request-invalid */
export async function planShard(
  rows: Iterable<PlacedRow>,
  encoder: PointEncoder,
  limits: WalLimits,
  onPause: () => void,
): Promise<readonly PlannedWalFile[]> {
  const files = new FilesInTheMaking(limits)
  let open = { points: 0, bytes: 0 }
  let sinceYield = 0
  for (const { rows: set, row, source } of rows) {
    const counter = new CborCounter()
    encoder.encode(counter, set, row)
    const { bytesCounted } = counter
    const isFull = open.points === entryPointsMax || open.bytes + bytesCounted > limits.entryBytes
    if (open.points > 0 && isFull) {
      files.add(open.points, open.bytes, { source, row })
      open = { points: 0, bytes: 0 }
    }
    open = { points: open.points + 1, bytes: open.bytes + bytesCounted }
    sinceYield += rowCost + bytesCounted
    if (sinceYield < yieldBytes) continue
    sinceYield = 0
    await yieldToEventLoop()
    onPause()
  }
  if (open.points > 0 || files.isEmpty) files.add(open.points, open.bytes, undefined)
  return files.finish()
}

/** Some milliseconds of counting; a row costs as much as so many bytes. */
const yieldBytes = 2 ** 19
const rowCost = 256

class FilesInTheMaking {
  readonly #limits: WalLimits
  readonly #files: PlannedWalFile[] = []
  #entries: PlannedEntry[] = []
  #bytes = 0
  #index = 0
  #from: RowPlace = { source: 0, row: 0 }

  constructor(limits: WalLimits) {
    this.#limits = limits
  }

  get isEmpty(): boolean {
    return this.#files.length === 0 && this.#entries.length === 0
  }

  /** `next`: where the rows of the entry behind it begin. */
  add(points: number, pointBytes: number, next: RowPlace | undefined): void {
    const counter = new CborCounter()
    encodeHead(counter, points)
    const dataBytes = counter.bytesCounted + pointBytes
    this.#entries.push({ points, dataBytes })
    this.#bytes += wholeBytes(dataBytes)
    if (next !== undefined && this.#bytes >= this.#limits.fileBytes) this.#close(next)
  }

  finish(): readonly PlannedWalFile[] {
    this.#close(this.#from)
    return this.#files
  }

  #close(next: RowPlace): void {
    const entries = this.#entries
    if (entries.length === 0) return
    const bytes = walHeaderBytes + this.#bytes + walTailBytes
    this.#files.push({ firstIndex: this.#index, from: this.#from, entries, bytes })
    this.#index += entries.length
    this.#entries = []
    this.#bytes = 0
    this.#from = next
  }
}

function encodeHead(sink: CborSink, points: number): void {
  sink.map(1)
  sink.text('upsert_points')
  sink.map(1)
  sink.text('points')
  sink.array(points)
}

/** The file's bytes, entry by entry. @throws as the encoder */
export function* writeWalFile(
  file: PlannedWalFile,
  rows: ShardRows,
  shard: number,
  encoder: PointEncoder,
): Iterable<Uint8Array> {
  const writer = new WalFileWriter()
  const source = rows.of(shard, file.from)[Symbol.iterator]()
  yield writer.header()
  for (const { points, dataBytes } of file.entries) {
    yield writer.entry(dataBytes, (cbor) => {
      encodeHead(cbor, points)
      for (let i = 0; i < points; i++) {
        const { rows: set, row } = source.next().value as PlacedRow
        encoder.encode(cbor, set, row)
      }
    })
  }
  yield new Uint8Array(walTailBytes)
}
