/** Unsigned 64-bit little-endian integers as plain numbers: sequence numbers, lengths and offsets below 2^53. */

const wordRange = 2 ** 32

export function writeU64(target: Buffer, value: number, offset: number): void {
  target.writeUInt32LE(value % wordRange, offset)
  target.writeUInt32LE(Math.floor(value / wordRange), offset + 4)
}

/** From 2^53 on the result is rounded: check with `Number.isSafeInteger` what comes from outside. */
export function readU64(source: Buffer, offset: number): number {
  return source.readUInt32LE(offset + 4) * wordRange + source.readUInt32LE(offset)
}

/** The same memory as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
