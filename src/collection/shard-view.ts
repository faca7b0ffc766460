import type { IdWords, PointId } from '../ids/point-id.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import { defaultPartition, homeShard, withPartitions } from './partitions.ts'
import { aliveBits, isVisible, View, visibleBits, type ViewEntry } from './view.ts'
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

// Rows looked at between two looks at the event loop.
const sliceRows = 2_000

/**
 * The first point that readers would not find where they look for it, or would find twice; undefined if all is well.
 * What an archive says of its points is believed only after this.
 */
export async function findMisplacedPoint(view: View): Promise<MisplacedPoint | undefined> {
  const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  let looked = 0
  for (const [shard, entries] of view.shards.entries()) {
    for (const [index, entry] of entries.entries()) {
      const { rows } = entry.handle
      for (const row of rowsOf(visibleBits(entry) ?? aliveBits(entry.rowLimit, new Uint32Array(0)))) {
        rows.idAt(row, id)
        const home = homeShard(view.config, Math.floor(shard / view.config.shardNumber), id)
        if (home !== shard) {
          const why = `it belongs to shard ${home} of ${view.shards.length}`
          return { id: rows.pointIdAt(row), shard, problem: 'other-shard', why }
        }
        if (isTwice(entries, index, row, id))
          return { id: rows.pointIdAt(row), shard, problem: 'twice', why: 'it is there twice' }
        looked += 1
        if (looked % sliceRows === 0) await yieldToEventLoop()
      }
    }
  }
  return undefined
}

/** Whether the point of a visible row is visible in another row of its entry, or in an entry before. */
function isTwice(entries: readonly ViewEntry[], index: number, row: number, id: IdWords): boolean {
  for (let i = 0; i <= index; i++) {
    const entry = entries[i]!
    const { rows } = entry.handle
    let other = rows.findNewest(id)
    while (other !== undefined && ((i === index && other === row) || !isVisible(entry, other)))
      other = rows.olderRow(other)
    if (other !== undefined) return true
  }
  return false
}
