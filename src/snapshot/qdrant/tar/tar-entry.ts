import { assert } from '../../../runtime/assert.ts'
import type { EntryBytes } from '../types.ts'
import type { Stretch } from './gnu-header.ts'

/** The bytes of a plain file: a stretch of its tar. */
export function plainEntry(name: string, tar: EntryBytes, at: number, bytes: number): EntryBytes {
  return {
    name,
    bytes,
    read(offset, length, into) {
      assert(offset >= 0 && length >= 0 && offset + length <= bytes, 'a range lies inside its entry')
      return tar.read(at + offset, length, into)
    },
  }
}

/** The real bytes of a sparse file: `stretches` are stored one after another from `at`. They ascend. */
export function sparseEntry(
  name: string,
  tar: EntryBytes,
  at: number,
  bytes: number,
  stretches: readonly Stretch[],
): EntryBytes {
  const offsets = Float64Array.from(stretches, (stretch) => stretch.offset)
  const lengths = Float64Array.from(stretches, (stretch) => stretch.bytes)
  const stored = new Float64Array(stretches.length)
  for (let i = 0, next = at; i < stretches.length; i++) {
    stored[i] = next
    next += lengths[i]!
  }
  return {
    name,
    bytes,
    async read(offset, length, into) {
      assert(offset >= 0 && length >= 0 && offset + length <= bytes, 'a range lies inside its entry')
      const end = offset + length
      let i = lastAtOrBefore(offsets, offset)
      if (i >= 0 && offsets[i]! + lengths[i]! >= end) {
        return tar.read(stored[i]! + offset - offsets[i]!, length, into)
      }
      const target =
        into !== undefined && into.byteLength >= length
          ? into.subarray(0, length).fill(0)
          : new Uint8Array(length)
      for (i = Math.max(0, i); i < offsets.length && offsets[i]! < end; i++) {
        const from = Math.max(offset, offsets[i]!)
        const to = Math.min(end, offsets[i]! + lengths[i]!)
        if (to <= from) continue
        target.set(await tar.read(stored[i]! + from - offsets[i]!, to - from), from - offset)
      }
      return target
    },
  }
}

/** Index of the last that is not greater; -1 if there is none. */
function lastAtOrBefore(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}
