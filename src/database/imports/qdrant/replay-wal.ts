import { changedPayload, encodePayload } from '../../../collection/apply-operation.ts'
import type { PayloadChange } from '../../../collection/operations.ts'
import { RowCursor } from '../../../collection/row-cursor.ts'
import type { Location } from '../../../collection/shard.ts'
import { columnNameOf, columnValues } from '../../../collection/vector-columns.ts'
import { toVector } from '../../../collection/vector-input.ts'
import type { JsonObject, JsonValue } from '../../../encoding/json.ts'
import { isDatabaseError, type DatabaseError } from '../../../errors/database-error.ts'
import type { VectorValue } from '../../../graph/vector-value.ts'
import { wordsOfId, type IdWords, type PointId } from '../../../ids/point-id.ts'
import { compileFilter } from '../../../query/compile-filter.ts'
import { invalidEntry } from '../../../snapshot/archive/archive-error.ts'
import type { QdrantShard } from '../../../snapshot/qdrant/types.ts'
import type { QdrantFilter } from '../../../snapshot/qdrant/plain-filter.ts'
import type { FilteredChange, WalOperation, WalVectors } from '../../../snapshot/qdrant/wal/operations.ts'
import { readWal, type NumberedOperation } from '../../../snapshot/qdrant/wal/read-wal.ts'
import type { ImportedRows } from './imported-rows.ts'

// Points looked at between two looks at the event loop; those that are written count by their bytes, too.
const slicePoints = 2_000
// Each looks at all points.
const vectorDropsMax = 1_000
// Each looks at a point, and parses its payload.
const filterLooksMax = 1_000_000_000

export interface ReplayReport {
  entries: number
  /** Times that a vector was dropped which is there again. */
  vectorDrops: number
  /** Points that filters were asked of. */
  looks: number
  /** Names of vectors that the collection does not have. */
  readonly dropped: Set<string>
  /** What was not finished when the log was copied. */
  readonly torn: string[]
}

/** Payload indexes by field, as the archive describes them. */
export type IndexSchemas = Map<string, JsonValue>

/**
 * What a shard's log adds to its segments. Entry n is for the points whose version is not above n; whoever is changed has
 * the version n from then on. A point that has the version n already is what an upsert made of it: versions are written to the
 * disk after what they stand for.
 * @throws archive-invalid naming file, entry and offset; cancelled
 */
export async function replayWal(
  rows: ImportedRows,
  shard: QdrantShard,
  indexes: IndexSchemas,
  report: ReplayReport,
  filters: QdrantFilter,
): Promise<void> {
  let changed = 0
  const onTorn = (file: string, offset: number): void => {
    report.torn.push(`${file}: the last write, at ${offset}, was not finished`)
  }
  for await (const entry of readWal(shard.wal, { onTorn })) {
    const one = new Replay(rows, entry, report, filters)
    for (const _ of one.apply(indexes))
      if ((changed += 1) % slicePoints === 0 || rows.isPauseDue) await rows.pause()
    report.entries += 1
  }
}

type Columns = Record<string, VectorValue | undefined>

/** One entry of the log. */
class Replay {
  readonly #rows: ImportedRows
  readonly #entry: NumberedOperation
  readonly #report: ReplayReport
  readonly #filters: QdrantFilter

  constructor(rows: ImportedRows, entry: NumberedOperation, report: ReplayReport, filters: QdrantFilter) {
    this.#rows = rows
    this.#entry = entry
    this.#report = report
    this.#filters = filters
  }

  /** Yields after each point. */
  *apply(indexes: IndexSchemas): Iterable<undefined> {
    // Nothing new: to see that takes a fraction of what decoding it does.
    if (
      this.#entry.upsertedIds?.every((id) => this.#isUpserted(this.#rows.find(wordsOfId(id)), id)) === true
    ) {
      yield
      return
    }
    const { operation } = this.#entry
    switch (operation.op) {
      case 'upsert':
        // Of several with one id the last: what this entry itself wrote must not pass for what the segments hold.
        for (const { id, vectors, payload } of new Map(
          operation.points.map((one) => [one.id, one]),
        ).values()) {
          this.#upsert(id, this.#columnsOf(vectors, id), encodePayload(payload))
          yield
        }
        return
      case 'delete':
        yield* this.#each(operation.ids, (id, location) => this.#rows.delete(id, location))
        return
      case 'set-payload':
      case 'overwrite-payload':
      case 'delete-payload':
      case 'clear-payload':
        yield* this.#each(operation.ids, (id, location) => this.#changePayload(id, location, operation))
        return
      case 'update-vectors':
        yield* this.#updateVectors(operation)
        return
      case 'delete-vectors':
        yield* this.#each(operation.ids, (id, location) =>
          this.#changeVectors(id, location, this.#without(operation.names)),
        )
        return
      case 'by-filter':
        yield* this.#eachPassing(operation.filter, operation.change)
        return
      case 'upsert-if':
        yield* this.#upsertIf(operation)
        return
      case 'delete-vector':
        yield* this.#deleteVector(operation.name)
        return
      case 'create-vector':
        // One that is still there stands in the configuration.
        if (!Object.hasOwn(this.#rows.config.vectors, operation.name))
          this.#report.dropped.add(operation.name)
        return
      case 'create-index':
        indexes.set(operation.field, operation.schema)
        return
      case 'delete-index':
        indexes.delete(operation.field)
    }
  }

  *#updateVectors({
    points,
    condition,
  }: Extract<WalOperation, { op: 'update-vectors' }>): Iterable<undefined> {
    const passes = condition === undefined ? undefined : this.#test(condition)
    for (const { id, vectors } of points)
      yield* this.#each([id], (words, location) => {
        if (passes?.(location) !== false) this.#changeVectors(words, location, this.#columnsOf(vectors, id))
      })
  }

  /** What the entry did when it was written: a point whose version is not above its number is as it was then. */
  *#eachPassing(filter: JsonObject, change: FilteredChange): Iterable<undefined> {
    const passes = this.#test(filter)
    // By their ids: where they are changes while this goes on.
    const ids = Array.from(this.#rows.points(), ({ entry, row }) => entry.rows.pointIdAt(row))
    this.#countLooks(ids.length)
    for (const given of ids) {
      const id = wordsOfId(given)
      const location = this.#rows.find(id)
      if (location !== undefined && this.#isBefore(location) && passes(location))
        this.#changePassing(id, location, change)
      yield
    }
  }

  #changePassing(id: IdWords, location: Location, change: FilteredChange): void {
    if (change.op === 'delete') this.#rows.delete(id, location)
    else if (change.op === 'delete-vectors') this.#changeVectors(id, location, this.#without(change.names))
    else this.#changePayload(id, location, change)
  }

  /** Whether it is a point of this shard that the entry has not been applied to. */
  #isBefore(location: Location): boolean {
    if (this.#rows.isSealed(location)) return false
    return location.entry.rows.writtenAt(location.row) < this.#entry.index
  }

  *#upsertIf({ points, condition, mode }: Extract<WalOperation, { op: 'upsert-if' }>): Iterable<undefined> {
    const passes = this.#test(condition)
    for (const { id, vectors, payload } of new Map(points.map((one) => [one.id, one])).values()) {
      const old = this.#rows.find(wordsOfId(id))
      if (old !== undefined) this.#checkShard(old, id)
      if (old === undefined ? mode !== 'update_only' : mode !== 'insert_only' && passes(old))
        this.#upsert(id, this.#columnsOf(vectors, id), encodePayload(payload))
      yield
    }
  }

  /** What a filter of the log asks of a point. */
  #test(filter: JsonObject): (location: Location) => boolean {
    const { vectors, payloadIndexes } = this.#rows.config
    const cursor = new RowCursor(vectors)
    try {
      const predicate = compileFilter(this.#filters(filter), { payloadIndexes })
      return ({ entry, row }) => predicate.test(cursor.at(entry.rows, row))
    } catch (error) {
      if (!(error instanceof Error)) throw error
      throw this.#refused(`its filter cannot be understood: ${error.message}`)
    }
  }

  #countLooks(points: number): void {
    this.#report.looks += points
    if (this.#report.looks <= filterLooksMax) return
    const cure = 'take the archive again when the server has been at rest for a minute'
    throw this.#refused(`filters are to be asked of points more than ${filterLooksMax} times: ${cure}`)
  }

  #refused(why: string): DatabaseError {
    const { file, index, offset } = this.#entry
    return invalidEntry(file, `log entry ${index}: ${why}`, { index, offset })
  }

  #upsert(given: PointId, vectors: Columns, payload: Uint8Array): void {
    const id = wordsOfId(given)
    const old = this.#rows.find(id)
    if (this.#isUpserted(old, given)) return
    this.#rows.put(id, this.#entry.index, { payload, vectors }, old)
  }

  /** Whether it is what this entry makes of it, or something newer. */
  #isUpserted(location: Location | undefined, id: PointId): boolean {
    if (location === undefined) return false
    this.#checkShard(location, id)
    return location.entry.rows.writtenAt(location.row) >= this.#entry.index
  }

  *#each(ids: readonly PointId[], change: (id: IdWords, location: Location) => void): Iterable<undefined> {
    for (const given of new Set(ids)) {
      const id = wordsOfId(given)
      const location = this.#rows.find(id)
      // Ids that do not exist were passed over when it was written.
      if (location !== undefined && this.#isDue(location, given)) change(id, location)
      yield
    }
  }

  #isDue(location: Location, id: PointId): boolean {
    this.#checkShard(location, id)
    return location.entry.rows.writtenAt(location.row) <= this.#entry.index
  }

  #checkShard(location: Location, id: PointId): void {
    if (!this.#rows.isSealed(location)) return
    const why = `log entry ${this.#entry.index} changes point ${String(id)}, which is in another shard`
    throw invalidEntry(this.#entry.file, why, { id: String(id), index: this.#entry.index })
  }

  #changePayload(id: IdWords, location: Location, change: PayloadChange): void {
    const payload = encodePayload(changedPayload(location, change))
    this.#rows.put(id, this.#entry.index, { payload, vectors: this.#present(location) }, location)
  }

  #changeVectors(id: IdWords, location: Location, vectors: Columns): void {
    const { rows } = location.entry
    const row = { payload: rows.payloadAt(location.row), vectors: { ...this.#present(location), ...vectors } }
    this.#rows.put(id, this.#entry.index, row, location)
  }

  #present({ entry, row }: Location): Columns {
    return columnValues(entry.rows, row, this.#rows.config.vectors)
  }

  /** Points that were written later have had it, or not, since it was made anew. */
  *#deleteVector(name: string): Iterable<undefined> {
    const { vectors } = this.#rows.config
    if (!Object.hasOwn(vectors, name)) return
    if ((this.#report.vectorDrops += 1) > vectorDropsMax) {
      const { file, index, offset } = this.#entry
      throw invalidEntry(file, `log entry ${index}: vectors are dropped more than ${vectorDropsMax} times`, {
        index,
        offset,
      })
    }
    const column = columnNameOf(name, vectors[name]!)
    // By their ids: where they are changes while this goes on.
    const ids = Array.from(this.#rows.points(), ({ entry, row }) => entry.rows.pointIdAt(row))
    for (const given of ids) {
      const id = wordsOfId(given)
      const location = this.#rows.find(id)
      if (location !== undefined) this.#dropVector(id, location, column)
      yield
    }
  }

  #dropVector(id: IdWords, location: Location, column: string): void {
    const { rows } = location.entry
    const version = rows.writtenAt(location.row)
    if (version > this.#entry.index || this.#rows.isSealed(location)) return
    const present = this.#present(location)
    if (present[column] === undefined) return
    const row = { payload: rows.payloadAt(location.row), vectors: { ...present, [column]: undefined } }
    this.#rows.put(id, version, row, location)
  }

  #without(names: readonly string[]): Columns {
    const columns: Columns = {}
    const { vectors } = this.#rows.config
    for (const name of names)
      if (Object.hasOwn(vectors, name)) columns[columnNameOf(name, vectors[name]!)] = undefined
    return columns
  }

  /** As a client's would be stored: normalised, rounded, indices in order. */
  #columnsOf(given: WalVectors, id: PointId): Columns {
    const columns: Columns = {}
    const { vectors } = this.#rows.config
    for (const name of Object.keys(given)) {
      if (!Object.hasOwn(vectors, name)) {
        this.#report.dropped.add(name)
        continue
      }
      const params = vectors[name]!
      try {
        columns[columnNameOf(name, params)] = toVector(name, params, given[name]!)
      } catch (error) {
        if (!isDatabaseError(error)) throw error
        const { file, index, offset } = this.#entry
        throw invalidEntry(file, `log entry ${index}, point ${String(id)}: ${error.message}`, {
          index,
          offset,
        })
      }
    }
    return columns
  }
}
