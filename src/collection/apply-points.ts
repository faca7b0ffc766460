import type { JsonObject } from '../encoding/json.ts'
import { parseJson } from '../encoding/json.ts'
import { idOfWords, type IdWords, type PointId } from '../ids/point-id.ts'
import type { SequenceNumber } from '../ids/brands.ts'
import { compileFilter, type RowPredicate } from '../query/compile-filter.ts'
import type { Filter } from '../query/filter.ts'
import type { VectorValue } from '../graph/vector-value.ts'
import type { CollectionState } from './collection-state.ts'
import { defaultPartition, placeOfPartition } from './partitions.ts'
import { RowCursor } from './row-cursor.ts'
import { readId, vectorOfBatch, wordsOfVector, type PointsBatch } from './points-batch.ts'
import type { Location } from './shard.ts'
import type { WriteResult } from './types.ts'
import { columnNameOf, columnValues } from './vector-columns.ts'

type Columns = Record<string, VectorValue | undefined>

/**
 * Applies one record of points. The effect depends on the state and the record alone, so that replay ends in the
 * same place; points that the mode or the condition excludes are passed over.
 */
export function applyPoints(state: CollectionState, batch: PointsBatch, seq: SequenceNumber): WriteResult {
  const place = placeOfPartition(state.config, batch.partition ?? defaultPartition)
  const condition = compileCondition(state, batch.condition)
  const { vectors: schema } = state.config
  const cursor = new RowCursor(schema)
  const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  const offsets = batch.vectors.map(() => 0)
  const missing: PointId[] = []
  let affected = 0
  let payloadEnd = 0
  for (let i = 0; i < batch.count; i++) {
    readId(batch, i, id)
    const payloadStart = payloadEnd
    payloadEnd += batch.payloads.lengths[i]!
    const vectors = takeVectors(batch, i, offsets, state)
    const shard = state.shardOf(id, place)
    const old = shard.find(id)
    if (batch.mode === 'vectors' && old === undefined) missing.push(idOfWords(id))
    if (!isWanted(batch, old, condition, cursor)) continue
    const payload =
      batch.mode === 'vectors'
        ? old!.entry.rows.payloadAt(old!.row)
        : batch.payloads.bytes.subarray(payloadStart, payloadEnd)
    const row =
      batch.mode === 'vectors' ? { ...columnValues(old!.entry.rows, old!.row, schema), ...vectors } : vectors
    if (old !== undefined) shard.delete(old, seq)
    shard.append(id, seq, payload, row)
    affected += 1
  }
  state.changeCount += 1
  return { seq, missing, affected }
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

/** The vectors of point i by column; names that the collection no longer has are dropped. */
function takeVectors(batch: PointsBatch, i: number, offsets: number[], state: CollectionState): Columns {
  const columns: Columns = {}
  for (let v = 0; v < batch.vectors.length; v++) {
    const given = batch.vectors[v]!
    if (given.present[i] !== 1) continue
    const at = offsets[v]!
    offsets[v] = at + wordsOfVector(given, at)
    const { name, kind, dimensions } = given
    const params = Object.hasOwn(state.config.vectors, name) ? state.config.vectors[name] : undefined
    if (params === undefined || params.size !== dimensions || (params.kind ?? 'dense') !== kind) continue
    columns[columnNameOf(name, params)] = vectorOfBatch(given, at)
  }
  return columns
}

export function payloadOf(location: Location): JsonObject {
  const bytes = location.entry.rows.payloadAt(location.row)
  return bytes.byteLength === 0 ? {} : (parseJson(bytes) as JsonObject)
}
