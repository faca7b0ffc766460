import { hashWords, type IdWords } from '../../ids/point-id.ts'
import type { RowRef } from '../id-order.ts'
import { viewOfPartitions } from '../partitions.ts'
import { isVisible, type View, type ViewEntry } from '../view.ts'

/** The row that a view sees of a point; of the points of this id in several partitions, that of the first. */
export function findInView(view: View, id: IdWords): RowRef | undefined {
  for (const found of rowsOfId(view, id)) return found
  return undefined
}

/** The rows that a view sees of the points of this id: one in each partition at most, in the order of the partitions. */
export function* rowsOfId(view: View, id: IdWords): Iterable<RowRef> {
  const { shardNumber } = view.config
  for (let shard = hashWords(id) % shardNumber; shard < view.shards.length; shard += shardNumber) {
    const found = findIn(view.shards[shard]!, id)
    if (found !== undefined) yield found
  }
}

/** @throws partition-not-found */
export function findInPartitions(view: View, partitions: readonly string[], id: IdWords): RowRef | undefined {
  const part = viewOfPartitions(view, partitions)
  try {
    return findInView(part, id)
  } finally {
    part.release()
  }
}

function findIn(entries: readonly ViewEntry[], id: IdWords): RowRef | undefined {
  for (const entry of entries) {
    const rows = entry.handle.rows
    for (let row = rows.findNewest(id); row !== undefined; row = rows.olderRow(row)) {
      if (isVisible(entry, row)) return { rows, row }
    }
  }
  return undefined
}
