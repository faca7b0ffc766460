// Values that lie close together are read at once: one read for a few thousand vectors, not one for each.

const runBytesMax = 2 * 1024 * 1024
/** Bytes that nobody asked for, which are cheaper than another read. */
const gapBytesMax = 16 * 1024

export interface Readable {
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>
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
  const order = orderOf(offsets)
  const at = (place: number): number => (order === undefined ? place : order[place]!)
  for (let first = 0; first < offsets.length;) {
    const start = offsets[at(first)]!
    let end = start + lengths[at(first)]!
    let next = first + 1
    for (; next < offsets.length; next++) {
      const offset = offsets[at(next)]!
      const valueEnd = offset + lengths[at(next)]!
      if (offset > end + gapBytesMax || Math.max(end, valueEnd) - start > runBytesMax) break
      if (valueEnd > end) end = valueEnd
    }
    const run = await source.read(start, end - start)
    for (; first < next; first++) take(at(first), run, offsets[at(first)]! - start)
  }
}

/** Undefined if they ascend as they are. */
function orderOf(offsets: Float64Array): Uint32Array | undefined {
  let isSorted = true
  for (let i = 1; i < offsets.length; i++) if (offsets[i]! < offsets[i - 1]!) isSorted = false
  if (isSorted) return undefined
  const order = new Uint32Array(offsets.length)
  for (let i = 0; i < order.length; i++) order[i] = i
  return order.sort((a, b) => offsets[a]! - offsets[b]! || a - b)
}
