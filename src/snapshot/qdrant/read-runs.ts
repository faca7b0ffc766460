// Values that lie close together are read at once: one read for a few thousand vectors, not one for each.

const runBytesMax = 2 * 1024 * 1024
/** Bytes that nobody asked for, which are cheaper than another read. */
const gapBytesMax = 16 * 1024

export interface Readable {
  read(offset: number, length: number): Promise<Uint8Array>
}

/** Gives value `index` as `run[at]` and what follows. */
export type TakeValue = (index: number, run: Uint8Array, at: number) => void

/** Reads `offsets.length` values; `take` sees each once, in ascending order of offsets. */
export async function readRuns(
  source: Readable,
  offsets: Float64Array,
  lengths: Float64Array,
  take: TakeValue,
): Promise<void> {
  const order = ascending(offsets)
  for (let first = 0; first < order.length;) {
    const start = offsets[order[first]!]!
    let end = start + lengths[order[first]!]!
    let next = first + 1
    for (; next < order.length; next++) {
      const offset = offsets[order[next]!]!
      const valueEnd = offset + lengths[order[next]!]!
      if (offset > end + gapBytesMax || Math.max(end, valueEnd) - start > runBytesMax) break
      end = Math.max(end, valueEnd)
    }
    const run = await source.read(start, end - start)
    for (; first < next; first++) take(order[first]!, run, offsets[order[first]!]! - start)
  }
}

function ascending(offsets: Float64Array): Uint32Array {
  const order = Uint32Array.from(offsets, (_, index) => index)
  for (let i = 1; i < offsets.length; i++) {
    if (offsets[i]! < offsets[i - 1]!) return order.sort((a, b) => offsets[a]! - offsets[b]! || a - b)
  }
  return order
}
