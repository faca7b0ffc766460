import { HashSieve } from '../ids/hash-sieve.ts'
import { IdTable } from '../ids/id-table.ts'
import { hashWords, type IdWords, type PointId } from '../ids/point-id.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import { IdColumn } from '../segment/id-column.ts'
import type { RowSet } from '../segment/row-set.ts'
import { defaultPartition, homeShard, withPartitions } from './partitions.ts'
import { aliveBits, View, visibleBits, type ViewEntry } from './view.ts'
import { rowsOf } from './matching.ts'

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
  const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  const place = Math.floor(shard / view.config.shardNumber)
  const sieve = new HashSieve(entries.reduce((sum, { rowLimit }) => sum + rowLimit, 0))
  const elsewhere = await firstFound(entries, (rows, row) => {
    rows.idAt(row, id)
    sieve.add(hashWords(id))
    const home = homeShard(view.config, place, id)
    if (home === shard) return undefined
    const why = `it belongs to shard ${home} of ${view.shards.length}`
    return { id: rows.pointIdAt(row), shard, problem: 'other-shard', why }
  })
  if (elsewhere !== undefined) return elsewhere
  const ids = new IdColumn()
  const table = new IdTable(ids)
  return firstFound(entries, (rows, row) => {
    rows.idAt(row, id)
    if (!sieve.mayRepeat(hashWords(id)) || table.insert(id, ids.append(id)) === undefined) return undefined
    return { id: rows.pointIdAt(row), shard, problem: 'twice', why: 'it is there twice' }
  })
}

/** What `look` finds first among the visible rows, if anything. */
async function firstFound(
  entries: readonly ViewEntry[],
  look: (rows: RowSet, row: number) => MisplacedPoint | undefined,
): Promise<MisplacedPoint | undefined> {
  let looked = 0
  for (const entry of entries) {
    const { rows } = entry.handle
    for (const row of rowsOf(visibleBits(entry) ?? aliveBits(entry.rowLimit, new Uint32Array(0)))) {
      const found = look(rows, row)
      if (found !== undefined) return found
      looked += 1
      if (looked % sliceRows === 0) await yieldToEventLoop()
    }
  }
  return undefined
}
