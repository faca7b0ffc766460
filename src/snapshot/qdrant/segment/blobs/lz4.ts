// One raw LZ4 block (no frame): tokens of a literal run and a match that repeats bytes of the output.

/** No byte of a block can stand for more bytes than this. */
const expansionMax = 255

/** Exactly `size` bytes, or why the block does not hold them. */
export function decodeLz4Block(block: Uint8Array, size: number): Uint8Array | string {
  const target = new Uint8Array(cannotHold(block.length, size) ? 0 : size)
  return decodeLz4Into({ bytes: block, from: 0, to: block.length }, target, 0, size) ?? target
}

/** Bytes `from` up to `to`, without a view of their own: there are as many blocks as payloads. */
export interface ByteRange {
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
}

function cannotHold(blockBytes: number, size: number): boolean {
  return size > expansionMax * blockBytes
}

/** `size` bytes from `start` of the target, which has room for them; or why the block does not hold them. */
export function decodeLz4Into(
  { bytes: block, from: first, to: last }: ByteRange,
  target: Uint8Array,
  start: number,
  size: number,
): string | undefined {
  if (cannotHold(last - first, size)) return `${last - first} bytes cannot hold ${size}`
  const end = start + size
  let from = first
  let to = start
  while (from < last) {
    const token = block[from++]!
    let literals = token >> 4
    if (literals === 15) {
      let more: number
      do {
        if (from >= last) return `it ends inside a length, at byte ${from - first}`
        more = block[from++]!
        literals += more
      } while (more === 255)
    }
    if (literals > last - from) return `it ends inside literals, at byte ${from - first}`
    if (literals > end - to) return `it holds more than ${size} bytes, at byte ${from - first}`
    if (literals > 32) target.set(block.subarray(from, from + literals), to)
    else for (let i = 0; i < literals; i++) target[to + i] = block[from + i]!
    from += literals
    to += literals
    if (from === last) break
    if (last - from < 2) return `it ends inside an offset, at byte ${from - first}`
    const back = block[from]! | (block[from + 1]! << 8)
    from += 2
    if (back === 0 || back > to - start)
      return `it goes back ${back} of ${to - start} bytes, at byte ${from - 2 - first}`
    let length = (token & 15) + 4
    if (length === 19) {
      let more: number
      do {
        if (from >= last) return `it ends inside a length, at byte ${from - first}`
        more = block[from++]!
        length += more
      } while (more === 255)
    }
    if (length > end - to) return `it holds more than ${size} bytes, at byte ${from - first}`
    if (back >= length && length > 32) target.copyWithin(to, to - back, to - back + length)
    // Byte for byte: a match may reach into what it writes.
    else for (let i = 0; i < length; i++) target[to + i] = target[to - back + i]!
    to += length
  }
  return to === end ? undefined : `it holds ${to - start} bytes in the place of ${size}`
}
