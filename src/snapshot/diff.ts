import type { SegmentHandle } from '../collection/segment-handle.ts'
import { countBits, rowsOf } from '../collection/matching.ts'
import { payloadValue } from '../collection/row-cursor.ts'
import type { RowRef } from '../collection/id-order.ts'
import { readPoint } from '../collection/reader.ts'
import type { Point, ReadOptions } from '../collection/types.ts'
import { aliveBits, visibleBits, type View, type ViewEntry } from '../collection/view.ts'
import { canonicalJson } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { compareWords, idOfWords, type IdWords, type PointId } from '../ids/point-id.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'

// How it is done: what both sides see of a segment is a prefix of its rows less some deletions. A row that only one side
// sees is a candidate; nothing else can differ. Candidates of both sides are matched by id and compared bit by bit. So the
// cost follows what changed since, and what has been moved to other segments by merges or restores.

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
  /** Names of the vectors that differ. */
  readonly vectors: readonly string[]
  /** True if the payloads differ: not in their spelling, but in their values. */
  readonly payload: boolean
  readonly before?: Point
  readonly after?: Point
}

interface Difference {
  readonly kind: DiffPoint['kind']
  readonly words: IdWords
  readonly before: RowRef | undefined
  readonly after: RowRef | undefined
  readonly vectors: readonly string[]
  readonly payload: boolean
}

/** What differs between two moments. It holds both until it is closed (`await using`). */
export class Diff {
  readonly from: DiffSide
  readonly to: DiffSide
  readonly counts: DiffCounts
  /** Rows that had to be looked at one by one: the cost. */
  readonly rowsCompared: number
  readonly #differences: readonly Difference[]
  readonly #release: () => void

  constructor(
    sides: { readonly from: DiffSide; readonly to: DiffSide },
    found: Found,
    unchanged: number,
    release: () => void,
  ) {
    this.from = sides.from
    this.to = sides.to
    this.#differences = found.differences
    this.rowsCompared = found.rowsCompared
    const count = (kind: DiffPoint['kind']) => found.differences.filter((one) => one.kind === kind).length
    this.counts = { added: count('added'), removed: count('removed'), changed: count('changed'), unchanged }
    this.#release = release
  }

  /** In id order: numbers, then UUIDs. `before` and `after` hold what `read` asks for; nothing by default. */
  async *points(read: ReadOptions = {}): AsyncIterable<DiffPoint> {
    let given = 0
    for (const { kind, words, before, after, vectors, payload } of this.#differences) {
      if ((given += 1) % sliceRows === 0) await yieldToEventLoop()
      yield {
        kind,
        id: idOfWords(words),
        vectors,
        payload,
        ...(before === undefined ? {} : { before: readPoint(before.rows, before.row, read) }),
        ...(after === undefined ? {} : { after: readPoint(after.rows, after.row, read) }),
      }
    }
  }

  close(): void {
    this.#release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

interface Found {
  readonly differences: readonly Difference[]
  readonly rowsCompared: number
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
    const differing = found.differences.filter(({ after }) => after !== undefined).length
    const side = ({ reference, seq }: DiffSide): DiffSide => ({ reference, seq })
    return new Diff({ from: side(from), to: side(to) }, found, to.view.pointCount() - differing, release)
  } catch (error) {
    release()
    throw error
  }
}

async function findDifferences(from: View, to: View, signal: AbortSignal | undefined): Promise<Found> {
  const slices = new Slices(signal)
  const before = new Map<string, RowRef>()
  const after: RowRef[] = []
  for (const { handle, onlyFrom, onlyTo } of oneSided(from, to)) {
    for (const row of onlyFrom) {
      before.set(keyOf(handle.rows.pointIdAt(row)), { rows: handle.rows, row })
      await slices.next()
    }
    for (const row of onlyTo) {
      after.push({ rows: handle.rows, row })
      await slices.next()
    }
  }
  const rowsCompared = before.size + after.length
  const differences: Difference[] = []
  for (const ref of after) {
    const key = keyOf(ref.rows.pointIdAt(ref.row))
    const old = before.get(key)
    before.delete(key)
    const found = old === undefined ? onlyAfter(ref) : changeOf(old, ref)
    if (found !== undefined) differences.push(found)
    await slices.next()
  }
  for (const ref of before.values()) differences.push(onlyBefore(ref))
  differences.sort((a, b) => compareWords(a.words, b.words))
  return { differences, rowsCompared }
}

interface OneSided {
  readonly handle: SegmentHandle
  readonly onlyFrom: Iterable<number>
  readonly onlyTo: Iterable<number>
}

/** Segment by segment, the rows that one side sees and the other does not. */
function* oneSided(from: View, to: View): Iterable<OneSided> {
  const entriesOfTo = new Map<SegmentHandle, ViewEntry>()
  for (const entry of to.entries()) entriesOfTo.set(entry.handle, entry)
  for (const a of from.entries()) {
    const b = entriesOfTo.get(a.handle)
    entriesOfTo.delete(a.handle)
    if (b === undefined) yield { handle: a.handle, onlyFrom: rowsOf(bitsOf(a)), onlyTo: [] }
    else if (!seesTheSame(a, b)) yield bothSides(a, b)
  }
  for (const b of entriesOfTo.values()) yield { handle: b.handle, onlyFrom: [], onlyTo: rowsOf(bitsOf(b)) }
}

function seesTheSame(a: ViewEntry, b: ViewEntry): boolean {
  return a.rowLimit === b.rowLimit && a.deletions === b.deletions && a.deletionCount === b.deletionCount
}

/** 32 rows at a time. */
function bothSides(a: ViewEntry, b: ViewEntry): OneSided {
  const ofA = bitsOf(a)
  const ofB = bitsOf(b)
  const words = Math.max(ofA.length, ofB.length)
  const onlyA = new Uint32Array(words)
  const onlyB = new Uint32Array(words)
  for (let i = 0; i < words; i++) {
    const wordA = i < ofA.length ? ofA[i]! : 0
    const wordB = i < ofB.length ? ofB[i]! : 0
    onlyA[i] = wordA & ~wordB
    onlyB[i] = wordB & ~wordA
  }
  const rowsIn = (bits: Uint32Array) => (countBits(bits) === 0 ? [] : rowsOf(bits))
  return { handle: a.handle, onlyFrom: rowsIn(onlyA), onlyTo: rowsIn(onlyB) }
}

function bitsOf(entry: ViewEntry): Uint32Array {
  return visibleBits(entry) ?? aliveBits(entry.rowLimit, new Uint32Array(0))
}

// Numbers and UUIDs never have the same text.
const keyOf = (id: PointId): string => String(id)

function onlyAfter(after: RowRef): Difference {
  return {
    kind: 'added',
    words: wordsAt(after),
    before: undefined,
    after,
    vectors: vectorNames(after),
    payload: after.rows.payloadAt(after.row).byteLength > 0,
  }
}

function onlyBefore(before: RowRef): Difference {
  return {
    kind: 'removed',
    words: wordsAt(before),
    before,
    after: undefined,
    vectors: vectorNames(before),
    payload: before.rows.payloadAt(before.row).byteLength > 0,
  }
}

/** Undefined if nothing differs: the point was written again as it was, or moved. */
function changeOf(before: RowRef, after: RowRef): Difference | undefined {
  const names = new Set([...vectorNames(before), ...vectorNames(after)])
  const vectors = [...names].filter((name) => !isSameVector(vectorOf(before, name), vectorOf(after, name)))
  const payload = !isSamePayload(before, after)
  if (vectors.length === 0 && !payload) return undefined
  return { kind: 'changed', words: wordsAt(after), before, after, vectors, payload }
}

function vectorNames({ rows, row }: RowRef): string[] {
  return [...rows.vectors].filter(([, column]) => column.has(row)).map(([name]) => name)
}

function vectorOf({ rows, row }: RowRef, name: string): Float32Array | undefined {
  return rows.vectors.get(name)?.get(row)
}

function isSameVector(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return a === b
  const bytes = (v: Float32Array) => Buffer.from(v.buffer, v.byteOffset, v.byteLength)
  return bytes(a).equals(bytes(b))
}

function isSamePayload(a: RowRef, b: RowRef): boolean {
  const ofA = a.rows.payloadAt(a.row)
  const ofB = b.rows.payloadAt(b.row)
  if (Buffer.compare(ofA, ofB) === 0) return true
  return canonicalJson(payloadValue(a.rows, a.row)) === canonicalJson(payloadValue(b.rows, b.row))
}

function wordsAt({ rows, row }: RowRef): IdWords {
  const words: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  rows.idAt(row, words)
  return words
}

/** Lets others have the thread now and then, and sees a cancellation. */
class Slices {
  readonly #signal: AbortSignal | undefined
  #count = 0

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  /** Undefined most of the time: nothing to wait for. */
  next(): Promise<void> | undefined {
    if ((this.#count += 1) % sliceRows !== 0) return undefined
    if (this.#signal?.aborted === true)
      throw new DatabaseError('cancelled', 'Cannot go on with the diff: it was cancelled')
    return yieldToEventLoop()
  }
}
