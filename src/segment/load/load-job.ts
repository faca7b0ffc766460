import { fillLinks, type FillJob } from '../../graph/hnsw/hnsw-links.ts'
import { encodeStored, type EncodeJob } from '../../graph/stored/encode-stored.ts'
import type { RowIndexImage } from '../row-index.ts'
import { indexRows } from '../row-index.ts'
import type { IdColumnImage } from '../id-column.ts'
import {
  decodeGroup,
  type DecodedGroup,
  type GroupColumns,
  type PlannedGroup,
  type SeqRange,
} from '../parquet/reader.ts'
import type { BlockSums } from './block-sums.ts'
import {
  blocksAround,
  checkStep,
  fetchStep,
  type BlockFault,
  type CheckStep,
  type FileSource,
} from './checked-blocks.ts'

/** One number: the place of what no thread has taken yet. */
export type SharedCounter = Int32Array<SharedArrayBuffer>

/**
 * A step of reading a segment that takes the processor's time. Everything in it lies in shared memory. With `next` several
 * threads are given the same job, and share it.
 */
export type LoadJob =
  | {
      readonly kind: 'check'
      readonly steps: readonly CheckStep[]
      readonly next?: SharedCounter
      /** Of the file, if the steps are to be read from it first. */
      readonly descriptor?: number
      /** Of the file. */
      readonly blocks: BlockSums
    }
  | {
      readonly kind: 'groups'
      readonly groups: readonly PlannedGroup[]
      readonly next?: SharedCounter
      /** The file, or the bytes of the only group. */
      readonly source: FileSource | { readonly bytes: Uint8Array }
      readonly columns: GroupColumns
      readonly seqs: SeqRange
    }
  | { readonly kind: 'links'; readonly fill: FillJob }
  | ({ readonly kind: 'encode' } & EncodeJob)
  | { readonly kind: 'index'; readonly ids: IdColumnImage; readonly written: Float64Array }

type CheckJob = Extract<LoadJob, { readonly kind: 'check' }>
type GroupsJob = Extract<LoadJob, { readonly kind: 'groups' }>

export interface LoadResults {
  /** Undefined if all is as it should be. */
  readonly check: BlockFault | undefined
  readonly groups: { readonly fault: BlockFault } | { readonly payloads: readonly DecodedGroup[] }
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
      return checkSteps(job)
    case 'groups':
      return decodeGroups(job)
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

function checkSteps({ steps, next, descriptor, blocks }: CheckJob): BlockFault | undefined {
  for (const step of shared(steps, next)) {
    const fault =
      (descriptor === undefined ? undefined : fetchStep(descriptor, step)) ?? checkStep(step, blocks)
    if (fault === undefined) continue
    endShared(steps, next)
    return fault
  }
  return undefined
}

function decodeGroups({ groups, next, source, columns, seqs }: GroupsJob): LoadResults['groups'] {
  const payloads: DecodedGroup[] = []
  for (const group of shared(groups, next)) {
    const bytes = 'descriptor' in source ? readGroup(group, source) : source.bytes
    if (!ArrayBuffer.isView(bytes)) {
      endShared(groups, next)
      return { fault: bytes }
    }
    payloads.push({ index: group.index, payloads: decodeGroup(group, bytes, columns, seqs) })
  }
  return { payloads }
}

function readGroup({ start, end }: PlannedGroup, source: FileSource): Uint8Array | BlockFault {
  const { from, to } = blocksAround(start, end, source)
  const bytes = new Uint8Array(to - from)
  const step = { offset: from, pieces: [bytes] }
  return (
    fetchStep(source.descriptor, step) ?? checkStep(step, source) ?? bytes.subarray(start - from, end - from)
  )
}

/** Those of `all` that nobody has taken before, where several threads take them. */
function* shared<T>(all: readonly T[], next: SharedCounter | undefined): Iterable<T> {
  if (next === undefined) return yield* all
  for (let i = Atomics.add(next, 0, 1); i < all.length; i = Atomics.add(next, 0, 1)) yield all[i]!
}

/** The others need not go on. */
function endShared(all: readonly unknown[], next: SharedCounter | undefined): void {
  if (next !== undefined) Atomics.store(next, 0, all.length)
}
