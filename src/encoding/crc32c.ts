import { crc32c as nativeCrc32c } from '@node-rs/crc32'

// Below this length a table in JavaScript beats the call into native code (about 200 ns).
const nativeFromBytes = 96

const table = new Int32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  table[byte] = crc
}

/**
 * CRC-32C (Castagnoli) as an unsigned integer. `previous` is the checksum of the bytes before these, so that
 * `crc32c(b, crc32c(a))` is the checksum of a followed by b.
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  return bytes.length < nativeFromBytes ? tableCrc32c(bytes, previous) : nativeCrc32c(bytes, previous)
}

function tableCrc32c(bytes: Uint8Array, previous: number): number {
  let crc = ~previous
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 0xff]!
  return ~crc >>> 0
}
