import { HashSieve } from '../ids/hash-sieve.ts'
import type { IdWords, PointId } from '../ids/point-id.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import type { RowSet } from '../segment/row-set.ts'
import { defaultPartition, homeOfHash, homeShard, withPartitions } from './partitions.ts'
import { aliveBits, View, visibleBits, type ViewEntry } from './view.ts'

/** The same moment with one shard only: the others are empty. It has a retention of its own. */
export function viewOfShard(view: View, shard: number): View {
  const shards = view.shards.map((entries, index) => (index === shard ? entries : []))
  return new View(view.seq, view.config, shards)
}

/** One shard of a view as shard `target` of `of` in one partition: the others are empty. It has a retention of its own. */
export function placedShard(view: View, source: number, target: number, of: number): View {
  const shards = Array.from({ length: of }, (_, index) => (index === target ? view.shards[source]! : []))
  return new View(view.seq, withPartitions({ ...view.config, shardNumber: of }, [defaultPartition]), shards)
}

/** A point in the wrong place: the shard it is in, and why it must not be there. */
export interface MisplacedPoint {
  readonly id: PointId
  readonly shard: number
  readonly problem: 'other-shard' | 'twice'
  /** Behind "point 7: ". */
  readonly why: string
}

// Rows looked at between two looks at the event loop: some milliseconds.
const sliceRows = 20_000
// A function that is called often is compiled once, and as a whole; a long loop is compiled while it runs, without what is behind it.
const callRows = 1_000

/**
 * The first point that readers would not find where they look for it, or would find twice; undefined if all is well.
 * What an archive says of its points is believed only after this. Some 8 to 16 bytes of memory for each point of a shard.
 */
export async function findMisplacedPoint(view: View): Promise<MisplacedPoint | undefined> {
  for (const [shard, entries] of view.shards.entries()) {
    const found = await misplacedIn(view, shard, entries)
    if (found !== undefined) return found
  }
  return undefined
}

async function misplacedIn(
  view: View,
  shard: number,
  entries: readonly ViewEntry[],
): Promise<MisplacedPoint | undefined> {
  const { shardNumber } = view.config
  const place = Math.floor(shard / shardNumber)
  const seen = new SeenIds(entries.reduce((sum, { rowLimit }) => sum + rowLimit, 0))
  for (const entry of entries) {
    const rows = visibleRows(entry)
    seen.enter(rows)
    for (let from = 0; from < entry.rowLimit; from += sliceRows) {
      const to = Math.min(from + sliceRows, entry.rowLimit)
      for (let at = from; at < to; at += callRows) {
        const range = { from: at, to: Math.min(at + callRows, to) }
        const row = firstMisplaced(rows, range, { home: shard - place * shardNumber, shardNumber, seen })
        if (row !== undefined) return problemOf(view, shard, rows.rows, row)
      }
      await yieldToEventLoop()
    }
  }
  return undefined
}

function problemOf(view: View, shard: number, rows: RowSet, row: number): MisplacedPoint {
  const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  rows.idAt(row, id)
  const home = homeShard(view.config, Math.floor(shard / view.config.shardNumber), id)
  const point = { id: rows.pointIdAt(row), shard }
  if (home === shard) return { ...point, problem: 'twice', why: 'it is there twice' }
  return { ...point, problem: 'other-shard', why: `it belongs to shard ${home} of ${view.shards.length}` }
}

/** The rows of a segment, with a bit for each that readers see. */
interface VisibleRows {
  readonly rows: RowSet
  readonly rowLimit: number
  readonly bits: Uint32Array
}

function visibleRows(entry: ViewEntry): VisibleRows {
  const { handle, rowLimit } = entry
  return { rows: handle.rows, rowLimit, bits: visibleBits(entry) ?? aliveBits(rowLimit, new Uint32Array(0)) }
}

/** The first of these rows whose id has another home, or has been there. */
function firstMisplaced(
  { rows, bits }: VisibleRows,
  { from, to }: { readonly from: number; readonly to: number },
  {
    home,
    shardNumber,
    seen,
  }: { readonly home: number; readonly shardNumber: number; readonly seen: SeenIds },
): number | undefined {
  for (let row = from; row < to; row++) {
    if (!isSet(bits, row)) continue
    const hash = rows.idHashAt(row)
    if (homeOfHash(hash, shardNumber) !== home) return row
    if (seen.mayBeThere(hash) && seen.isThere(row)) return row
  }
  return undefined
}

/** The ids of some segments: few are looked up, if each is there once. */
class SeenIds {
  readonly #sieve: HashSieve
  readonly #entered: VisibleRows[] = []
  readonly #id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }

  constructor(count: number) {
    this.#sieve = new HashSieve(count)
  }

  /** Another segment's rows follow. */
  enter(rows: VisibleRows): void {
    this.#entered.push(rows)
  }

  /** To be asked once for each id. */
  mayBeThere(hash: number): boolean {
    return this.#sieve.add(hash)
  }

  /** Whether readers see the id of this row, of the segment that was entered last, in another row. */
  isThere(row: number): boolean {
    const own = this.#entered.at(-1)!
    own.rows.idAt(row, this.#id)
    return this.#entered.some((entered) => {
      const { rows, rowLimit, bits } = entered
      let found = rows.findNewest(this.#id)
      // A segment that is there twice has the row twice.
      const isOther = (at: number): boolean =>
        at < rowLimit && isSet(bits, at) && (entered !== own || at !== row)
      while (found !== undefined && !isOther(found)) found = rows.olderRow(found)
      return found !== undefined
    })
  }
}

function isSet(bits: Uint32Array, row: number): boolean {
  return ((bits[row >>> 5]! >>> (row & 31)) & 1) === 1
}
