import { createHash } from 'node:crypto'
import { readAtOnce } from '../../storage/read-at-once.ts'
import { totalBytes } from '../../storage/read-into.ts'
import { sumBytes, type BlockSums } from './block-sums.ts'

/** Consecutive bytes of a file from `offset` on, from the beginning of a block to the end of one. */
export interface CheckStep {
  readonly offset: number
  readonly pieces: readonly Uint8Array[]
}

/** A file that any thread may read. */
export interface FileSource extends BlockSums {
  readonly descriptor: number
  readonly bytes: number
}

/** Why bytes cannot be used: a block, counted in the file, has another SHA-256; or they could not be read. */
export type BlockFault = { readonly block: number; readonly sha256: string } | { readonly unread: string }

/** The calling thread waits for the disk. */
export function fetchStep(descriptor: number, { offset, pieces }: CheckStep): BlockFault | undefined {
  try {
    const read = readAtOnce(descriptor, offset, pieces)
    return read === totalBytes(pieces) ? undefined : { unread: `it ends after ${offset + read} bytes` }
  } catch (error) {
    return { unread: error instanceof Error ? error.message : String(error) }
  }
}

export function checkStep(
  { offset, pieces }: CheckStep,
  { blockBytes, sums }: BlockSums,
): BlockFault | undefined {
  let hash = createHash('sha256')
  let hashed = 0
  let block = offset / blockBytes
  const endBlock = (): BlockFault | undefined => {
    const digest = hash.digest()
    const isRight = digest.equals(sums.subarray(block * sumBytes, (block + 1) * sumBytes))
    const fault = isRight ? undefined : { block, sha256: digest.toString('hex') }
    block += 1
    hash = createHash('sha256')
    hashed = 0
    return fault
  }
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const end = Math.min(piece.length, at + blockBytes - hashed)
      hash.update(piece.subarray(at, end))
      hashed += end - at
      at = end
      const fault = hashed === blockBytes ? endBlock() : undefined
      if (fault !== undefined) return fault
    }
  }
  return hashed > 0 ? endBlock() : undefined
}

/** The blocks of a file that hold the bytes from `start` to `end`. */
export function blocksAround(
  start: number,
  end: number,
  { bytes, blockBytes }: { readonly bytes: number; readonly blockBytes: number },
): { readonly from: number; readonly to: number } {
  const from = Math.floor(start / blockBytes) * blockBytes
  return { from, to: Math.min(Math.ceil(end / blockBytes) * blockBytes, bytes) }
}
