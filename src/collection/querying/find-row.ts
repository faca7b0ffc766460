import { hashWords, type IdWords } from '../../ids/point-id.ts'
import type { RowRef } from '../id-order.ts'
import { isVisible, type View } from '../view.ts'

/** The row that a view sees of a point. */
export function findInView(view: View, id: IdWords): RowRef | undefined {
  for (const entry of view.shards[hashWords(id) % view.shards.length]!) {
    const rows = entry.handle.rows
    for (let row = rows.findNewest(id); row !== undefined; row = rows.olderRow(row)) {
      if (isVisible(entry, row)) return { rows, row }
    }
  }
  return undefined
}
