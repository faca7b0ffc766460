import { aliveBits, visibleBits, type View } from '../../../collection/view.ts'
import type { IdWords } from '../../../ids/point-id.ts'
import type { RowSet } from '../../../segment/row-set.ts'
import { yieldToEventLoop } from '../../../runtime/yield.ts'
import { HashRing } from './hash-ring.ts'

/** Where a reader of rows stands: the next row that it looks at. */
export interface RowPlace {
  readonly source: number
  readonly row: number
}

export interface PlacedRow extends RowPlace {
  readonly rows: RowSet
}

interface RowSource {
  readonly rows: RowSet
  readonly rowLimit: number
  /** The rows that the view sees. */
  readonly visible: Uint32Array
  /** By row; undefined where there is one shard only. */
  readonly shards: Uint16Array | undefined
}

const rowsBetweenYields = 8_192
const noneDead = new Uint32Array(0)

/** The rows of a view, by the shard that Qdrant places their ids in, of those from `firstShard` on. In one order, however often they are read. */
export class ShardRows {
  readonly #sources: readonly RowSource[]

  private constructor(sources: readonly RowSource[]) {
    this.#sources = sources
  }

  /** The view stays with the caller, who keeps it as long as this is used. `onPause` may throw to end it. */
  static async of(view: View, firstShard: number, onPause: () => void): Promise<ShardRows> {
    const { shardNumber } = view.config
    const ring = shardNumber === 1 ? undefined : new HashRing(shardNumber, firstShard)
    const sources: RowSource[] = []
    for (const entry of view.entries()) {
      const { rowLimit } = entry
      const { rows } = entry.handle
      const visible = visibleBits(entry) ?? aliveBits(rowLimit, noneDead)
      const shards = ring === undefined ? undefined : await placesOf(rows, rowLimit, ring, onPause)
      sources.push({ rows, rowLimit, visible, shards })
    }
    return new ShardRows(sources)
  }

  /** The rows of a shard, from a place on. */
  *of(shard: number, from: RowPlace = { source: 0, row: 0 }): Iterable<PlacedRow> {
    let { row } = from
    for (let source = from.source; source < this.#sources.length; source++) {
      const { rows, rowLimit, visible, shards } = this.#sources[source]!
      for (; row < rowLimit; row++) {
        if (((visible[row >>> 5]! >>> (row & 31)) & 1) === 0) continue
        if (shards === undefined || shards[row] === shard) yield { source, row, rows }
      }
      row = 0
    }
  }
}

async function placesOf(
  rows: RowSet,
  rowLimit: number,
  ring: HashRing,
  onPause: () => void,
): Promise<Uint16Array> {
  const places = new Uint16Array(rowLimit)
  const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  for (let row = 0; row < rowLimit; row++) {
    rows.idAt(row, id)
    places[row] = ring.shardOf(id)
    if (row % rowsBetweenYields !== rowsBetweenYields - 1) continue
    await yieldToEventLoop()
    onPause()
  }
  return places
}
