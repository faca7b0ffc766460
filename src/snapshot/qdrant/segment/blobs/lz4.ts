// One raw LZ4 block (no frame): tokens of a literal run and a match that repeats bytes of the output.

/** No byte of a block can stand for more bytes than this. */
const expansionMax = 255

/** Exactly `size` bytes, or why the block does not hold them. */
export function decodeLz4Block(block: Uint8Array, size: number): Uint8Array | string {
  if (size > expansionMax * block.length) return `${block.length} bytes cannot hold ${size}`
  const target = new Uint8Array(size)
  let from = 0
  let to = 0
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
    if (literals > size - to) return `it holds more than ${size} bytes, at byte ${from}`
    if (literals > 32) target.set(block.subarray(from, from + literals), to)
    else for (let i = 0; i < literals; i++) target[to + i] = block[from + i]!
    from += literals
    to += literals
    if (from === block.length) break
    if (block.length - from < 2) return `it ends inside an offset, at byte ${from}`
    const back = block[from]! | (block[from + 1]! << 8)
    from += 2
    if (back === 0 || back > to) return `it goes back ${back} of ${to} bytes, at byte ${from - 2}`
    let length = (token & 15) + 4
    if (length === 19) {
      let more: number
      do {
        if (from >= block.length) return `it ends inside a length, at byte ${from}`
        more = block[from++]!
        length += more
      } while (more === 255)
    }
    if (length > size - to) return `it holds more than ${size} bytes, at byte ${from}`
    if (back >= length && length > 32) target.copyWithin(to, to - back, to - back + length)
    // Byte for byte: a match may reach into what it writes.
    else for (let i = 0; i < length; i++) target[to + i] = target[to - back + i]!
    to += length
  }
  return to === size ? target : `it holds ${to} bytes in the place of ${size}`
}
