import { HashSieve } from '../ids/hash-sieve.ts'
import { IdTable } from '../ids/id-table.ts'
import type { IdWords, PointId } from '../ids/point-id.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import { IdColumn } from '../segment/id-column.ts'
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
  const sieve = new HashSieve(entries.reduce((sum, { rowLimit }) => sum + rowLimit, 0))
  const elsewhere = await firstFound(entries, (rows, bits, from, to) => {
    const row = firstElsewhere(
      rows,
      bits,
      { from, to },
      { home: shard - place * shardNumber, shardNumber, sieve },
    )
    if (row === undefined) return undefined
    const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
    rows.idAt(row, id)
    const why = `it belongs to shard ${homeShard(view.config, place, id)} of ${view.shards.length}`
    return { id: rows.pointIdAt(row), shard, problem: 'other-shard', why }
  })
  if (elsewhere !== undefined) return elsewhere
  const repeated = new RepeatedIds(sieve)
  return firstFound(entries, (rows, bits, from, to) => {
    const row = repeated.firstTwice(rows, bits, { from, to })
    return row === undefined
      ? undefined
      : { id: rows.pointIdAt(row), shard, problem: 'twice', why: 'it is there twice' }
  })
}

interface RowRange {
  readonly from: number
  readonly to: number
}

/** The first of these rows whose id has another home; the sieve learns of those before it. */
function firstElsewhere(
  rows: RowSet,
  bits: Uint32Array,
  { from, to }: RowRange,
  {
    home,
    shardNumber,
    sieve,
  }: { readonly home: number; readonly shardNumber: number; readonly sieve: HashSieve },
): number | undefined {
  for (let row = from; row < to; row++) {
    if (!isSet(bits, row)) continue
    const hash = rows.idHashAt(row)
    sieve.add(hash)
    if (homeOfHash(hash, shardNumber) !== home) return row
  }
  return undefined
}

/** Ids whose hash has come before, as the sieve says: few, if each is there once. */
class RepeatedIds {
  readonly #sieve: HashSieve
  readonly #ids = new IdColumn()
  readonly #table = new IdTable(this.#ids)
  readonly #id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }

  constructor(sieve: HashSieve) {
    this.#sieve = sieve
  }

  /** The first of these rows whose id has been there. */
  firstTwice(rows: RowSet, bits: Uint32Array, { from, to }: RowRange): number | undefined {
    for (let row = from; row < to; row++)
      if (isSet(bits, row) && this.#sieve.mayRepeat(rows.idHashAt(row)) && this.#isThere(rows, row))
        return row
    return undefined
  }

  #isThere(rows: RowSet, row: number): boolean {
    rows.idAt(row, this.#id)
    return this.#table.insert(this.#id, this.#ids.append(this.#id)) !== undefined
  }
}

function isSet(bits: Uint32Array, row: number): boolean {
  return ((bits[row >>> 5]! >>> (row & 31)) & 1) === 1
}

/** What `look` finds first among the visible rows, if anything: it is given some at a time, and the bits of those that are visible. */
async function firstFound(
  entries: readonly ViewEntry[],
  look: (rows: RowSet, bits: Uint32Array, from: number, to: number) => MisplacedPoint | undefined,
): Promise<MisplacedPoint | undefined> {
  for (const entry of entries) {
    const bits = visibleBits(entry) ?? aliveBits(entry.rowLimit, new Uint32Array(0))
    for (let from = 0; from < entry.rowLimit; from += sliceRows) {
      const found = look(entry.handle.rows, bits, from, Math.min(from + sliceRows, entry.rowLimit))
      if (found !== undefined) return found
      await yieldToEventLoop()
    }
  }
  return undefined
}
