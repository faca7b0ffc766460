import type { JsonObject } from '../encoding/json.ts'
import { parseJson } from '../encoding/json.ts'
import { idOfWords, type IdWords, type PointId } from '../ids/point-id.ts'
import type { SequenceNumber } from '../ids/brands.ts'
import { compileFilter, type RowPredicate } from '../query/compile-filter.ts'
import type { Filter } from '../query/filter.ts'
import type { VectorValue } from '../graph/vector-value.ts'
import type { Steps } from '../runtime/steps.ts'
import type { CollectionState } from './collection-state.ts'
import { HalfApplied } from '../errors/half-applied.ts'
import { defaultPartition, placesOfPartitions } from './partitions.ts'
import { RowCursor } from './row-cursor.ts'
import { readId, vectorOfBatch, wordsOfVector, type PointsBatch } from './points-batch.ts'
import type { Location } from './shard.ts'
import type { WriteResult } from './types.ts'
import { columnNameOf, columnValues } from './vector-columns.ts'

type Columns = Record<string, VectorValue | undefined>

// What a point counts beside its bytes, and what of both together is copied in about a millisecond: where records of that many
// bytes are applied in one go, the bookkeeping of their points and the copying of their vectors cost as much as each other.
const pointCost = 1_024

/** What it takes to apply the batch, in bytes copied. */
export function workOfPoints({ count, payloads, vectors }: PointsBatch): number {
  const words = vectors.reduce((sum, { words }) => sum + words.length, 0)
  return count * pointCost + payloads.bytes.byteLength + words * 4
}

/**
 * Applies one record of points. The effect depends on the state and the record alone, so that replay ends in the
 * same place; points that the mode or the condition excludes are passed over.
 * @throws partition-not-found, and nothing has changed then; HalfApplied
 */
export function applyPoints(state: CollectionState, batch: PointsBatch, seq: SequenceNumber): WriteResult {
  const application = new PointsApplication(state, batch, seq)
  application.run(Infinity)
  return application.end()
}

/** The same in steps of about `sliceBytes` of work. */
export function* pointsSteps(
  state: CollectionState,
  batch: PointsBatch,
  seq: SequenceNumber,
  sliceBytes: number,
): Steps<WriteResult> {
  const application = new PointsApplication(state, batch, seq)
  while (!application.run(sliceBytes)) yield
  return application.end()
}

class PointsApplication {
  readonly #state: CollectionState
  readonly #batch: PointsBatch
  readonly #seq: SequenceNumber
  readonly #places: readonly number[]
  readonly #condition: RowPredicate | undefined
  readonly #cursor: RowCursor
  readonly #id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  /** Where the next point's vectors and payload begin. */
  readonly #offsets: number[]
  #payloadEnd = 0
  #next = 0
  readonly #missing: PointId[] = []
  #affected = 0

  /** @throws partition-not-found */
  constructor(state: CollectionState, batch: PointsBatch, seq: SequenceNumber) {
    this.#state = state
    this.#batch = batch
    this.#seq = seq
    this.#places = placesOfPartitions(state.config, batch.partition ?? defaultPartition)
    this.#condition = compileCondition(state, batch.condition)
    this.#cursor = new RowCursor(state.config.vectors)
    this.#offsets = batch.vectors.map(() => 0)
  }

  /** Goes on with so much work, or a point more. True: all points are applied. @throws HalfApplied */
  run(work: number): boolean {
    const { count } = this.#batch
    let done = 0
    try {
      for (; this.#next < count && done < work; this.#next++) done += this.#applyPoint(this.#next)
    } catch (error) {
      throw new HalfApplied(error)
    }
    return this.#next === count
  }

  end(): WriteResult {
    this.#state.changeCount += 1
    return { seq: this.#seq, missing: this.#missing, affected: this.#affected }
  }

  #applyPoint(index: number): number {
    const batch = this.#batch
    const id = this.#id
    readId(batch, index, id)
    const payloadStart = this.#payloadEnd
    this.#payloadEnd += batch.payloads.lengths[index]!
    const { columns, words } = takeVectors(batch, index, this.#offsets, this.#state)
    const payload = batch.payloads.bytes.subarray(payloadStart, this.#payloadEnd)
    let isMissing = false
    for (const place of this.#places) isMissing = !this.#applyAt(place, payload, columns) || isMissing
    if (isMissing) this.#missing.push(idOfWords(id))
    return (pointCost + payload.byteLength + words * 4) * this.#places.length
  }

  /** False: the point is not there to be changed. */
  #applyAt(place: number, given: Uint8Array, columns: Columns): boolean {
    const { mode } = this.#batch
    const shard = this.#state.shardOf(this.#id, place)
    const old = shard.find(this.#id)
    if (!isWanted(this.#batch, old, this.#condition, this.#cursor))
      return mode !== 'vectors' || old !== undefined
    let payload = given
    let row = columns
    if (mode === 'vectors') {
      payload = old!.entry.rows.payloadAt(old!.row)
      row = { ...columnValues(old!.entry.rows, old!.row, this.#state.config.vectors), ...columns }
    }
    if (old !== undefined) shard.delete(old, this.#seq)
    shard.append(this.#id, this.#seq, payload, row)
    this.#affected += 1
    return true
  }
}

function isWanted(
  batch: PointsBatch,
  old: Location | undefined,
  condition: RowPredicate | undefined,
  cursor: RowCursor,
): boolean {
  if (old === undefined) return batch.mode !== 'update-only' && batch.mode !== 'vectors'
  if (batch.mode === 'insert-only') return false
  return condition === undefined || condition.test(cursor.at(old.entry.rows, old.row))
}

function compileCondition(state: CollectionState, text: string): RowPredicate | undefined {
  if (text === '') return undefined
  return compileFilter(parseJson(text) as unknown as Filter, { payloadIndexes: state.config.payloadIndexes })
}

/** The vectors of point i by column, and the words that they take; names that the collection no longer has are dropped. */
function takeVectors(
  batch: PointsBatch,
  i: number,
  offsets: number[],
  state: CollectionState,
): { readonly columns: Columns; readonly words: number } {
  const columns: Columns = {}
  let taken = 0
  for (let v = 0; v < batch.vectors.length; v++) {
    const given = batch.vectors[v]!
    if (given.present[i] !== 1) continue
    const at = offsets[v]!
    const words = wordsOfVector(given, at)
    offsets[v] = at + words
    taken += words
    const { name, kind, dimensions } = given
    const params = Object.hasOwn(state.config.vectors, name) ? state.config.vectors[name] : undefined
    if (params === undefined || params.size !== dimensions || (params.kind ?? 'dense') !== kind) continue
    columns[columnNameOf(name, params)] = vectorOfBatch(given, at)
  }
  return { columns, words: taken }
}

export function payloadOf(location: Location): JsonObject {
  const bytes = location.entry.rows.payloadAt(location.row)
  return bytes.byteLength === 0 ? {} : (parseJson(bytes) as JsonObject)
}
