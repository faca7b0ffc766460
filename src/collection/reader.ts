import { RawJson } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { wordsOfId, hashWords, type IdWords, type PointId } from '../ids/point-id.ts'
import { selectPayload } from '../query/payload-edit.ts'
import type { Filter } from '../query/filter.ts'
import type { RowSet } from '../segment/row-set.ts'
import { contentHashOf } from './content-hash.ts'
import { Matcher, rowsOf, countBits } from './matching.ts'
import { mergeInIdOrder, type RowRef } from './id-order.ts'
import { orderedPage } from './order-by.ts'
import { searchView } from './search.ts'
import type {
  CollectionInfo,
  Point,
  QueryRequest,
  ReadOptions,
  ScoredPoint,
  ScrollPage,
  ScrollRequest,
} from './types.ts'
import { isVisible, visibleBits, aliveBits, type View, type ViewEntry } from './view.ts'
import { indexesOf } from './matching.ts'

export interface ReaderSource {
  readonly name: string
  readonly id: string
  /** The view to read now; the caller releases it. @throws when the source is gone */
  view(): View
  random(): number
}

/** Reads a collection as it is now, or as a snapshot holds it. Every call sees one moment. */
export class CollectionReader {
  readonly #source: ReaderSource

  constructor(source: ReaderSource) {
    this.#source = source
  }

  get name(): string {
    return this.#source.name
  }

  get id(): string {
    return this.#source.id
  }

  info(): CollectionInfo {
    return this.#withView((view) => ({
      name: this.name,
      id: this.id,
      config: view.config,
      pointCount: view.pointCount(),
      shardPointCounts: view.shardPointCounts(),
      segmentCount: [...view.entries()].length,
      vectorCount: countVectors(view),
      indexedPoints: countIndexed(view),
    }))
  }

  /** The points that exist, in the order asked, each once. */
  async get(ids: readonly PointId[], options: ReadOptions = {}): Promise<readonly Point[]> {
    const wanted = ids.map((id) => wordsOfId(id))
    return this.#withView((view) => {
      const seen = new Set<string>()
      const points: Point[] = []
      for (const id of wanted) {
        const key = `${id.kind}:${id.w0}:${id.w1}:${id.w2}:${id.w3}`
        if (seen.has(key)) continue
        seen.add(key)
        const found = findInView(view, id)
        if (found !== undefined) points.push(readPoint(found.rows, found.row, options))
      }
      return points
    })
  }

  /** A page in id order, or by a payload value. @throws filter-invalid, request-invalid */
  async scroll(request: ScrollRequest = {}): Promise<ScrollPage> {
    const limit = checkCount('limit', request.limit ?? 10)
    const from = request.offset === undefined ? undefined : wordsOfId(request.offset)
    return this.#withView((view) => {
      const passing = passingRows(view, request.filter)
      if (request.orderBy !== undefined) {
        const page = orderedPage(passing, request.orderBy, view.config.payloadIndexes, limit)
        return {
          points: page.map((item) => readPoint(item.rows, item.row, request)),
          orderValues: page.map((item) => item.value),
        }
      }
      const points: Point[] = []
      for (const ref of mergeInIdOrder(passing, from)) {
        if (points.length === limit) return { points, next: ref.rows.pointIdAt(ref.row) }
        points.push(readPoint(ref.rows, ref.row, request))
      }
      return { points }
    })
  }

  /** Exact. @throws filter-invalid */
  async count(filter?: Filter): Promise<number> {
    return this.#withView((view) => {
      if (filter === undefined) return view.pointCount()
      const matcher = new Matcher(filter, view.config.payloadIndexes)
      let count = 0
      for (const entry of view.entries()) count += countBits(matcher.bits(entry))
      return count
    })
  }

  /** The best points for a vector, best first. @throws vector-unknown, dimension-mismatch, filter-invalid, request-invalid */
  async query(request: QueryRequest): Promise<readonly ScoredPoint[]> {
    const limit = checkCount('limit', request.limit ?? 10)
    const offset = checkCount('offset', request.offset ?? 0)
    return this.#withView((view) => {
      const hits =
        request.vector === undefined
          ? this.#withoutVector(view, request, limit, offset)
          : searchView(view, request, request.vector, limit + offset).slice(offset)
      return hits.map((hit) => ({ ...readPoint(hit.rows, hit.row, request), score: hit.score }))
    })
  }

  /**
   * SHA-256 over every point in id order: id, vectors bit for bit, payload with its keys sorted. Two collections
   * with equal hashes hold the same points.
   */
  async contentHash(): Promise<string> {
    const view = this.#source.view()
    try {
      return await contentHashOf(view)
    } finally {
      view.release()
    }
  }

  #withoutVector(
    view: View,
    request: QueryRequest,
    limit: number,
    offset: number,
  ): (RowRef & { score: number })[] {
    const passing = passingRows(view, request.filter)
    const hits: (RowRef & { score: number })[] = []
    if (request.sample === true) {
      for (const { rows, bits } of passing) for (const row of rowsOf(bits)) hits.push({ rows, row, score: 1 })
      for (let i = 0; i < Math.min(limit, hits.length); i++) {
        const other = i + Math.floor(this.#source.random() * (hits.length - i))
        const swap = hits[i]!
        hits[i] = hits[other]!
        hits[other] = swap
      }
      return hits.slice(0, limit)
    }
    for (const ref of mergeInIdOrder(passing, undefined)) {
      if (hits.length === limit + offset) break
      hits.push({ ...ref, score: 1 })
    }
    return hits.slice(offset)
  }

  #withView<T>(read: (view: View) => T): T {
    const view = this.#source.view()
    try {
      return read(view)
    } finally {
      view.release()
    }
  }
}

export interface PassingRows {
  readonly rows: RowSet
  readonly bits: Uint32Array
}

function passingRows(view: View, filter: Filter | undefined): PassingRows[] {
  const matcher = filter === undefined ? undefined : new Matcher(filter, view.config.payloadIndexes)
  return [...view.entries()].map((entry) => ({
    rows: entry.handle.rows,
    bits:
      matcher === undefined
        ? (visibleBits(entry) ?? aliveBits(entry.rowLimit, new Uint32Array(0)))
        : matcher.bits(entry),
  }))
}

export function findInView(view: View, id: IdWords): RowRef | undefined {
  for (const entry of view.shards[hashWords(id) % view.shards.length]!) {
    const rows = entry.handle.rows
    for (let row = rows.findNewest(id); row !== undefined; row = rows.olderRow(row)) {
      if (isVisible(entry, row)) return { rows, row }
    }
  }
  return undefined
}

export function readPoint(rows: RowSet, row: number, options: ReadOptions): Point {
  const point: { -readonly [K in keyof Point]: Point[K] } = {
    id: rows.pointIdAt(row),
    version: rows.writtenAt(row),
  }
  if (options.payload !== undefined && options.payload !== false) {
    const bytes = rows.payloadAt(row)
    const raw = new RawJson(bytes.byteLength === 0 ? '{}' : bytes)
    point.payload = options.payload === true ? raw : selectPayload(raw, options.payload)
  }
  if (options.vectors !== undefined && options.vectors !== false) {
    const names = options.vectors === true ? rows.vectors.keys() : options.vectors
    const vectors: Record<string, Float32Array> = {}
    for (const name of names) {
      const vector = rows.vectors.get(name)?.get(row)
      if (vector !== undefined) vectors[name] = vector
    }
    point.vectors = vectors
  }
  return point
}

function countVectors(view: View): number {
  let count = 0
  for (const entry of view.entries()) count += countPresent(entry)
  return count
}

function countPresent(entry: ViewEntry): number {
  const bits = visibleBits(entry)
  let count = 0
  for (const column of entry.handle.rows.vectors.values()) {
    if (bits === undefined) {
      count += column.presentCount
    } else if (column.presentCount === column.rowCount) {
      count += countBits(bits)
    } else {
      for (const row of rowsOf(bits)) if (column.has(row)) count += 1
    }
  }
  return count
}

function countIndexed(view: View): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const field of Object.keys(view.config.payloadIndexes)) counts[field] = 0
  for (const entry of view.entries()) {
    const indexes = indexesOf(entry.handle.rows, view.config.payloadIndexes)
    if (indexes === undefined) continue
    const bits = visibleBits(entry) ?? aliveBits(entry.rowLimit, new Uint32Array(0))
    for (const field of Object.keys(counts)) counts[field]! += indexes.pointsWithValue(field, bits)
  }
  return counts
}

function checkCount(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new DatabaseError(
      'request-invalid',
      `Cannot read: ${name} is ${String(value)}, not a whole number from 0`,
      { [name]: value },
    )
  }
  return value
}
