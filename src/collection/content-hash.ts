import { createHash } from 'node:crypto'
import { canonicalJson } from '../encoding/json.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import { mergeInIdOrder } from './id-order.ts'
import { payloadValue } from './row-cursor.ts'
import { aliveBits, visibleBits, type View } from './view.ts'

const pointsBetweenYields = 2048
const noneDead = new Uint32Array(0)

/**
 * SHA-256 over every point in id order: id, vectors bit for bit, payload with its keys sorted. Lets others run in
 * between, and calls `onPause` then, which may throw to end it; the view stays with the caller, who must not release it
 * before this ends.
 */
export async function contentHashOf(view: View, onPause?: () => void): Promise<string> {
  const sources = [...view.entries()].map((entry) => ({
    rows: entry.handle.rows,
    bits: visibleBits(entry) ?? aliveBits(entry.rowLimit, noneDead),
  }))
  const hash = createHash('sha256')
  let count = 0
  for (const { rows, row } of mergeInIdOrder(sources, undefined)) {
    hash.update(`${String(rows.pointIdAt(row))}\n`)
    for (const name of [...rows.vectors.keys()].sort()) {
      const vector = rows.vectors.get(name)!.get(row)
      if (vector === undefined) continue
      hash.update(`${JSON.stringify(name)} ${vector.length}\n`)
      hash.update(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength))
    }
    hash.update(`${canonicalJson(payloadValue(rows, row))}\n`)
    count += 1
    if (count % pointsBetweenYields !== 0) continue
    await yieldToEventLoop()
    onPause?.()
  }
  return hash.digest('hex')
}
