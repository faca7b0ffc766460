// One raw LZ4 block (no frame): tokens of a literal run and a match that repeats bytes of the output.

/** No byte of a block can stand for more bytes than this. */
const expansionMax = 255

/** Exactly `size` bytes, or why the block does not hold them. */
export function decodeLz4Block(block: Uint8Array, size: number): Uint8Array | string {
  const target = new Uint8Array(cannotHold(block.length, size) ? 0 : size)
  return decodeLz4Into(block, target, 0, size) ?? target
}

function cannotHold(blockBytes: number, size: number): boolean {
  return size > expansionMax * blockBytes
}

/** `size` bytes from `start` of the target, which has room for them; or why the block does not hold them. */
export function decodeLz4Into(
  block: Uint8Array,
  target: Uint8Array,
  start: number,
  size: number,
): string | undefined {
  if (cannotHold(block.length, size)) return `${block.length} bytes cannot hold ${size}`
  const end = start + size
  let from = 0
  let to = start
  while (from < block.length) {
    const token = block[from++]!
    let literals = token >> 4
    if (literals === 15) {
      let more: number
      do {
        if (from >= block.length) return `it ends inside a length, at byte ${from}`
        more = block[from++]!
        literals += more
      } while (more === 255)
    }
    if (literals > block.length - from) return `it ends inside literals, at byte ${from}`
    if (literals > end - to) return `it holds more than ${size} bytes, at byte ${from}`
    if (literals > 32) target.set(block.subarray(from, from + literals), to)
    else for (let i = 0; i < literals; i++) target[to + i] = block[from + i]!
    from += literals
    to += literals
    if (from === block.length) break
    if (block.length - from < 2) return `it ends inside an offset, at byte ${from}`
    const back = block[from]! | (block[from + 1]! << 8)
    from += 2
    if (back === 0 || back > to - start)
      return `it goes back ${back} of ${to - start} bytes, at byte ${from - 2}`
    let length = (token & 15) + 4
    if (length === 19) {
      let more: number
      do {
        if (from >= block.length) return `it ends inside a length, at byte ${from}`
        more = block[from++]!
        length += more
      } while (more === 255)
    }
    if (length > end - to) return `it holds more than ${size} bytes, at byte ${from}`
    if (back >= length && length > 32) target.copyWithin(to, to - back, to - back + length)
    // Byte for byte: a match may reach into what it writes.
    else for (let i = 0; i < length; i++) target[to + i] = target[to - back + i]!
    to += length
  }
  return to === end ? undefined : `it holds ${to - start} bytes in the place of ${size}`
}
