import { createHash, type Hash } from 'node:crypto'
import { canonicalJson } from '../../encoding/json.ts'
import { yieldToEventLoop } from '../../runtime/yield.ts'
import { mergeInIdOrder } from '../id-order.ts'
import { defaultPartition, partitionNames, viewOfPartitions } from '../partitions.ts'
import { hashVector } from './point-hash.ts'
import { payloadValue } from '../row-cursor.ts'
import { vectorAt } from '../vector-columns.ts'
import { aliveBits, visibleBits, type View } from '../view.ts'

const pointsBetweenYields = 2048
const noneDead = new Uint32Array(0)

/**
 * SHA-256 over every point, partition by partition, in id order: id, vectors bit for bit, payload with its keys sorted. Lets others run in
 * between, and calls `onPause` then, which may throw to end it; the view stays with the caller, who must not release it
 * before this ends.
 */
export async function contentHashOf(view: View, onPause?: () => void): Promise<string> {
  const hash = createHash('sha256')
  // The default partition is hashed as collections were before there were others; empty ones do not count.
  const others = partitionNames(view.config).filter((name) => name !== defaultPartition)
  for (const partition of [defaultPartition, ...others.sort()]) {
    const part = viewOfPartitions(view, [partition])
    try {
      if (partition !== defaultPartition && part.pointCount() > 0)
        hash.update(`partition ${JSON.stringify(partition)}\n`)
      await hashPoints(hash, part, onPause)
    } finally {
      part.release()
    }
  }
  return hash.digest('hex')
}

async function hashPoints(hash: Hash, view: View, onPause: (() => void) | undefined): Promise<void> {
  const sources = [...view.entries()].map((entry) => ({
    rows: entry.handle.rows,
    bits: visibleBits(entry) ?? aliveBits(entry.rowLimit, noneDead),
  }))
  const names = Object.keys(view.config.vectors).sort()
  let count = 0
  for (const { rows, row } of mergeInIdOrder(sources, undefined)) {
    hash.update(`${String(rows.pointIdAt(row))}\n`)
    for (const name of names) {
      const vector = vectorAt({ rows, row }, view.config.vectors, name)
      if (vector !== undefined) hashVector(hash, name, vector)
    }
    hash.update(`${canonicalJson(payloadValue(rows, row))}\n`)
    count += 1
    if (count % pointsBetweenYields !== 0) continue
    await yieldToEventLoop()
    onPause?.()
  }
}
