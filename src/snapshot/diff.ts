import { defaultPartition, hasPartition, partitionNames, viewOfPartitions } from '../collection/partitions.ts'
import { readPoint } from '../collection/querying/read-points.ts'
import type { Point, ReadOptions } from '../collection/types.ts'
import type { VectorSchema } from '../collection/vector-columns.ts'
import type { View } from '../collection/view.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { PointId } from '../ids/point-id.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import {
  differingVectors,
  hasPayload,
  isSamePayload,
  isSameRow,
  vectorNames,
  type SideRow,
} from './diff/compare-rows.ts'
import { ChosenRows, joinById, type Pair } from './diff/join.ts'
import { oneSidedRows, type OneSidedRows } from './diff/one-sided.ts'

// How it is done: rows that one side alone sees are found segment by segment, matched by id and compared. So the cost
// follows what changed since, and what has been moved to other segments by merges or restores. Of those that differ only
// the places are kept; they are compared again when they are read.

// Rows looked at between two looks at the event loop.
const sliceRows = 2_000

export interface DiffSide {
  /** As it was asked for. */
  readonly reference: string
  readonly seq: number
}

export interface DiffCounts {
  /** In the second, not in the first. */
  readonly added: number
  /** In the first, not in the second. */
  readonly removed: number
  /** In both, with another vector or payload. */
  readonly changed: number
  readonly unchanged: number
}

export interface DiffPoint {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly id: PointId
  /** Left out: the default one. A point that went from one partition to another was removed and added. */
  readonly partition?: string
  /** Names of the vectors that differ. */
  readonly vectors: readonly string[]
  /** True if the payloads differ: not in their spelling, but in their values. */
  readonly payload: boolean
  readonly before?: Point
  readonly after?: Point
}

/** What differs between two moments. It holds both until it is closed (`await using`). */
export class Diff {
  readonly from: DiffSide
  readonly to: DiffSide
  readonly counts: DiffCounts
  /** Rows that had to be looked at one by one: the cost. */
  readonly rowsCompared: number
  readonly #differing: readonly PartitionRows[]
  readonly #schemas: Schemas
  readonly #release: () => void
  #isClosed = false

  constructor(
    sides: { readonly from: DiffSide; readonly to: DiffSide },
    found: Found,
    schemas: Schemas,
    unchanged: number,
    release: () => void,
  ) {
    this.from = sides.from
    this.to = sides.to
    this.counts = { ...found.counts, unchanged }
    this.rowsCompared = found.rowsCompared
    this.#differing = found.differing
    this.#schemas = schemas
    this.#release = release
  }

  /**
   * In id order: numbers, then UUIDs; partition by partition, the default one first. `before` and `after` hold what `read` asks for; nothing by default. May be called
   * again. @throws database-closed once the diff is closed
   */
  async *points(read: ReadOptions = {}): AsyncIterable<DiffPoint> {
    let given = 0
    for (const { partition, rows } of this.#differing) {
      const named = partition === defaultPartition ? {} : { partition }
      for (const pair of joinById(rows)) {
        if ((given += 1) % sliceRows === 0) await yieldToEventLoop()
        // It may have been closed meanwhile, and the memory of the rows be another's by now.
        this.#checkOpen()
        yield { ...pointOf(withSchemas(pair, this.#schemas), read), ...named }
      }
    }
    this.#checkOpen()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new DatabaseError('database-closed', 'Cannot read the diff: it has been closed')
  }
}

interface Found {
  readonly counts: Omit<DiffCounts, 'unchanged'>
  readonly rowsCompared: number
  readonly differing: readonly PartitionRows[]
}

interface PartitionRows {
  readonly partition: string
  readonly rows: OneSidedRows
}

/**
 * Compares two views, which the diff takes over: they are released when it is closed, or when this fails.
 * @throws cancelled
 */
export async function diffViews(
  from: DiffSide & { readonly view: View },
  to: DiffSide & { readonly view: View },
  signal?: AbortSignal,
): Promise<Diff> {
  const release = (): void => {
    from.view.release()
    to.view.release()
  }
  try {
    const found = await findDifferences(from.view, to.view, signal)
    const { added, changed } = found.counts
    const side = ({ reference, seq }: DiffSide): DiffSide => ({ reference, seq })
    return new Diff(
      { from: side(from), to: side(to) },
      found,
      schemasOf(from.view, to.view),
      to.view.pointCount() - added - changed,
      release,
    )
  } catch (error) {
    release()
    throw error
  }
}

async function findDifferences(from: View, to: View, signal: AbortSignal | undefined): Promise<Found> {
  checkSignal(signal)
  const pause = async (): Promise<void> => {
    await yieldToEventLoop()
    checkSignal(signal)
  }
  const schemas = schemasOf(from, to)
  const counts = { added: 0, removed: 0, changed: 0 }
  const differing: PartitionRows[] = []
  let rowsCompared = 0
  let pairs = 0
  for (const partition of partitionsOf(from, to)) {
    const before = new ChosenRows()
    const after = new ChosenRows()
    for (const pair of joinById(await oneSidedRowsIn(partition, from, to, pause))) {
      rowsCompared += pair.before === undefined || pair.after === undefined ? 1 : 2
      if ((pairs += 1) % sliceRows === 0) await pause()
      const kind = kindOf(withSchemas(pair, schemas))
      if (kind === 'unchanged') continue
      counts[kind] += 1
      before.add(pair.before)
      after.add(pair.after)
    }
    differing.push({ partition, rows: { from: before.sources(), to: after.sources() } })
  }
  return { counts, rowsCompared, differing }
}

/** The default one first, then by name. */
function partitionsOf(from: View, to: View): readonly string[] {
  const names = new Set([...partitionNames(from.config), ...partitionNames(to.config)])
  names.delete(defaultPartition)
  return [defaultPartition, ...[...names].sort()]
}

/** Points are matched within their partition; one that a side does not have is empty there. */
async function oneSidedRowsIn(
  partition: string,
  from: View,
  to: View,
  pause: () => Promise<void>,
): Promise<OneSidedRows> {
  const [a, b] = [from, to].map((view) =>
    viewOfPartitions(view, hasPartition(view.config, partition) ? [partition] : []),
  )
  try {
    return await oneSidedRows(a!, b!, pause)
  } finally {
    a!.release()
    b!.release()
  }
}

/** Unchanged: the point was written again as it was, or moved. */
function kindOf({ before, after }: SidePair): keyof DiffCounts {
  if (before === undefined) return 'added'
  if (after === undefined) return 'removed'
  return isSameRow(before, after) ? 'unchanged' : 'changed'
}

function pointOf({ before, after }: SidePair, read: ReadOptions): DiffPoint {
  const present = (after ?? before)!
  const isChange = before !== undefined && after !== undefined
  return {
    kind: isChange ? 'changed' : after === undefined ? 'removed' : 'added',
    id: present.rows.pointIdAt(present.row),
    vectors: isChange ? differingVectors(before, after) : vectorNames(present),
    payload: isChange ? !isSamePayload(before, after) : hasPayload(present),
    ...(before === undefined ? {} : { before: pointAt(before, read) }),
    ...(after === undefined ? {} : { after: pointAt(after, read) }),
  }
}

function pointAt(side: SideRow, read: ReadOptions): Point {
  return readPoint(side, read, side.vectors)
}

interface Schemas {
  readonly from: VectorSchema
  readonly to: VectorSchema
}

interface SidePair {
  readonly before?: SideRow | undefined
  readonly after?: SideRow | undefined
}

function schemasOf(from: View, to: View): Schemas {
  return { from: from.config.vectors, to: to.config.vectors }
}

function withSchemas({ before, after }: Pair, { from, to }: Schemas): SidePair {
  return { before: before && { ...before, vectors: from }, after: after && { ...after, vectors: to } }
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new DatabaseError('cancelled', 'Cannot go on with the diff: it was cancelled')
}
