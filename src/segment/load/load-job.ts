import { createHash } from 'node:crypto'
import { fillLinks, type FillJob } from '../../graph/hnsw/hnsw-links.ts'
import { encodeStored, type EncodeJob } from '../../graph/stored/encode-stored.ts'
import type { SequenceNumber } from '../../ids/brands.ts'
import type { RowIndexImage } from '../row-index.ts'
import { indexRows } from '../row-index.ts'
import type { IdColumnImage } from '../id-column.ts'
import { decodeGroup, type GroupBytes, type GroupTarget } from '../parquet/reader.ts'
import { sumBytes } from './block-sums.ts'

/** A step of reading a segment that takes the processor's time. Everything in it lies in shared memory. */
export type LoadJob =
  | {
      readonly kind: 'check'
      /** Consecutive bytes of a file, from the beginning of a block to the end of one. */
      readonly pieces: readonly Uint8Array[]
      readonly blockBytes: number
      /** The SHA-256 of each block. */
      readonly sums: Uint8Array
    }
  | {
      readonly kind: 'group'
      readonly group: GroupBytes
      readonly target: GroupTarget
      readonly seqs: { readonly minSeq: SequenceNumber; readonly maxSeq: SequenceNumber }
    }
  | { readonly kind: 'links'; readonly fill: FillJob }
  | ({ readonly kind: 'encode' } & EncodeJob)
  | { readonly kind: 'index'; readonly ids: IdColumnImage; readonly written: Float64Array }

export interface LoadResults {
  /** The first block that is another than it should be, counted from the first of the job; -1 if none is. */
  readonly check: { readonly wrongBlock: number; readonly sha256: string }
  /** The chunk with the payloads of the group. */
  readonly group: { readonly payloads: Uint8Array<SharedArrayBuffer> }
  readonly links: { readonly found: bigint }
  readonly encode: undefined
  readonly index: RowIndexImage
}

export type LoadResult<J extends LoadJob> = LoadResults[J['kind']]

/** @throws Error for what is wrong with a file's content */
export function runLoadJob<J extends LoadJob>(job: J): LoadResult<J>
export function runLoadJob(job: LoadJob): LoadResults[LoadJob['kind']] {
  switch (job.kind) {
    case 'check':
      return checkBlocks(job.pieces, job.blockBytes, job.sums)
    case 'group':
      return { payloads: decodeGroup(job.group, job.target, job.seqs) }
    case 'links':
      return { found: fillLinks(job.fill) }
    case 'encode':
      return encodeStored(job)
    case 'index':
      return indexRows(job.ids, job.written)
  }
}

/** What need not be copied to another thread. */
export function transferOf(result: LoadResults[LoadJob['kind']]): readonly ArrayBuffer[] {
  if (result === undefined || !('slots' in result)) return []
  const { slots, older } = result
  return [slots, older].flatMap((words) => (words?.buffer instanceof ArrayBuffer ? [words.buffer] : []))
}

function checkBlocks(
  pieces: readonly Uint8Array[],
  blockBytes: number,
  sums: Uint8Array,
): LoadResults['check'] {
  let hash = createHash('sha256')
  let hashed = 0
  let block = 0
  const wrongAt = (): string | undefined => {
    const digest = hash.digest()
    const isRight = digest.equals(sums.subarray(block * sumBytes, (block + 1) * sumBytes))
    block += 1
    hash = createHash('sha256')
    hashed = 0
    return isRight ? undefined : digest.toString('hex')
  }
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const end = Math.min(piece.length, at + blockBytes - hashed)
      hash.update(piece.subarray(at, end))
      hashed += end - at
      at = end
      const sha256 = hashed === blockBytes ? wrongAt() : undefined
      if (sha256 !== undefined) return { wrongBlock: block - 1, sha256 }
    }
  }
  const sha256 = hashed > 0 ? wrongAt() : undefined
  return sha256 === undefined ? { wrongBlock: -1, sha256: '' } : { wrongBlock: block - 1, sha256 }
}
