import * as fs from 'node:fs'

/**
 * Fills the targets, one after the other, with the bytes of an open file from `offset` on, and gives how many there were. The
 * calling thread waits: microseconds where the system has the bytes in memory, the time of the device where it has not.
 * @throws what the system says
 */
export function readAtOnce(descriptor: number, offset: number, targets: readonly Uint8Array[]): number {
  let filled = 0
  let rest = targets
  while (rest.length > 0) {
    let read =
      rest.length === 1
        ? fs.readSync(descriptor, rest[0]!, 0, rest[0]!.length, offset + filled)
        : fs.readvSync(descriptor, rest, offset + filled)
    if (read === 0) return filled
    filled += read
    let whole = 0
    while (whole < rest.length && read >= rest[whole]!.length) read -= rest[whole++]!.length
    rest = read === 0 ? rest.slice(whole) : [rest[whole]!.subarray(read), ...rest.slice(whole + 1)]
  }
  return filled
}
