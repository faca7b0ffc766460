import * as fs from 'node:fs'

/** Of one call: no system takes fewer. */
const partsMax = 1_000

/**
 * Fills the targets, one after the other, with the bytes of an open file from `offset` on, and gives how many there were. The
 * calling thread waits: microseconds where the system has the bytes in memory, the time of the device where it has not.
 * @throws what the system says
 */
export function readAtOnce(descriptor: number, offset: number, targets: readonly Uint8Array[]): number {
  let filled = 0
  let rest = targets
  while (rest.length > 0) {
    const read =
      rest.length === 1
        ? fs.readSync(descriptor, rest[0]!, 0, rest[0]!.length, offset + filled)
        : fs.readvSync(descriptor, rest.slice(0, partsMax), offset + filled)
    if (read === 0) return filled
    filled += read
    rest = behind(rest, read)
  }
  return filled
}

/** What of the parts, one after the other, is left behind their first bytes; parts without any at the beginning are not. */
export function behind(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let whole = 0
  while (whole < parts.length && bytes >= parts[whole]!.length) bytes -= parts[whole++]!.length
  return bytes === 0 ? parts.slice(whole) : [parts[whole]!.subarray(bytes), ...parts.slice(whole + 1)]
}
