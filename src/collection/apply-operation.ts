import { stringifyJson, type JsonObject } from '../encoding/json.ts'
import { idOfWords, wordsOfId, type IdWords, type PointId } from '../ids/point-id.ts'
import type { SequenceNumber } from '../ids/brands.ts'
import { runToEnd, type Steps } from '../runtime/steps.ts'
import type { VectorValue } from '../graph/vector-value.ts'
import { deletePayloadPath, mergePayload, setPayloadPath } from '../query/payload-edit.ts'
import { payloadOf } from './apply-points.ts'
import type { CollectionState } from './collection-state.ts'
import { HalfApplied } from '../errors/half-applied.ts'
import { Matcher, rowsOf } from './matching.ts'
import type { PayloadChange, PointsOperation } from './operations.ts'
import {
  defaultPartition,
  listed,
  partitionNames,
  placesOfPartitions,
  viewOfPartitions,
} from './partitions.ts'
import type { Location, Shard } from './shard.ts'
import type { WriteResult } from './types.ts'
import { columnNameOf, columnValues } from './vector-columns.ts'

interface Selected {
  readonly id: IdWords
  readonly shard: Shard
  readonly location: Location
}

// What it takes, in bytes copied (see applyPoints): to look at a row, to remove one, and to write one anew beside its vectors.
const lookCost = 2_048
const deleteCost = 256
const changeCost = 4_096
/** Payloads are parsed, changed and written out again. */
const payloadCost = 8

/** What it takes to apply the operation, at most, in bytes copied. */
export function workOfOperation(
  state: CollectionState,
  { select, partition = defaultPartition }: PointsOperation,
): number {
  const places = partition === null ? undefined : placesOfPartitions(state.config, partition)
  if ('ids' in select) return select.ids.length * changeCost * (places?.length ?? 1)
  const { shardNumber } = state.config
  let rows = 0
  for (const [index, shard] of state.shards.entries()) {
    if (places?.includes(Math.floor(index / shardNumber)) === false) continue
    for (const entry of shard.entries) rows += entry.rows.rowCount
  }
  return rows * lookCost
}

/**
 * Applies one record that selects points; like applyPoints it depends on the state and the record alone.
 * @throws partition-not-found, and nothing has changed then; HalfApplied
 */
export function applyOperation(
  state: CollectionState,
  operation: PointsOperation,
  seq: SequenceNumber,
): WriteResult {
  return runToEnd(operationSteps(state, operation, seq, Infinity))
}

/** The same in steps of about `sliceBytes` of work. */
export function* operationSteps(
  state: CollectionState,
  operation: PointsOperation,
  seq: SequenceNumber,
  sliceBytes: number,
): Steps<WriteResult> {
  const missing: PointId[] = []
  const selected = yield* select(state, operation, seq, missing, sliceBytes)
  let work = 0
  for (const one of selected) {
    if (work >= sliceBytes) {
      work = 0
      yield
    }
    try {
      work += change(state, one, operation, seq)
    } catch (error) {
      throw new HalfApplied(error)
    }
  }
  state.changeCount += 1
  return { seq, missing, affected: selected.length }
}

/** Gives what it took. */
function change(
  state: CollectionState,
  { id, shard, location }: Selected,
  operation: PointsOperation,
  seq: SequenceNumber,
): number {
  if (operation.op === 'delete') {
    shard.delete(location, seq)
    return deleteCost
  }
  const vectors = columnValues(location.entry.rows, location.row, state.config.vectors)
  let payload = location.entry.rows.payloadAt(location.row)
  if (operation.op === 'delete-vectors') {
    for (const name of operation.names) {
      const params = state.config.vectors[name]
      // It may have been dropped since the request was checked.
      if (params !== undefined) delete vectors[columnNameOf(name, params)]
    }
  }
  const cost = changeCost + payload.byteLength * payloadCost + bytesOfRow(vectors)
  if (operation.op !== 'delete-vectors') payload = encodePayload(changedPayload(location, operation))
  shard.delete(location, seq)
  shard.append(id, seq, payload, vectors)
  return cost
}

function bytesOfRow(vectors: Readonly<Record<string, VectorValue | undefined>>): number {
  let bytes = 0
  for (const vector of Object.values(vectors)) {
    if (vector === undefined) continue
    bytes += vector instanceof Float32Array ? vector.byteLength : 2 * vector.values.byteLength
  }
  return bytes
}

export function changedPayload(location: Location, operation: PayloadChange): JsonObject {
  switch (operation.op) {
    case 'set-payload':
      if (operation.path === undefined) return mergePayload(payloadOf(location), operation.payload)
      return setPayloadPath(payloadOf(location), operation.path, operation.payload)
    case 'overwrite-payload':
      return operation.payload
    case 'delete-payload':
      return operation.paths.reduce((payload, path) => deletePayloadPath(payload, path), payloadOf(location))
    case 'clear-payload':
      return {}
  }
}

export function encodePayload(payload: JsonObject): Uint8Array {
  const text = stringifyJson(payload)
  return text === '{}' ? new Uint8Array(0) : Buffer.from(text)
}

function* select(
  state: CollectionState,
  { select: selection, partition = defaultPartition }: PointsOperation,
  seq: SequenceNumber,
  missing: PointId[],
  sliceBytes: number,
): Steps<Selected[]> {
  const partitions = partition === null ? partitionNames(state.config) : listed(partition)
  if ('ids' in selection) return yield* selectIds(state, partitions, selection.ids, missing, sliceBytes)
  const matcher = new Matcher(selection.filter, state.config)
  const whole = state.view(seq)
  const view = viewOfPartitions(whole, partitions)
  whole.release()
  const selected: Selected[] = []
  let work = 0
  try {
    for (const [index, entries] of view.shards.entries()) {
      const shard = state.shards[index]!
      for (const [at, entry] of entries.entries()) {
        const live = shard.entries[at]!
        const bits = yield* matcher.bitsInSteps(entry, Math.ceil(sliceBytes / lookCost))
        for (const row of rowsOf(bits)) {
          if (work >= sliceBytes) {
            work = 0
            yield
          }
          work += deleteCost
          const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
          live.rows.idAt(row, id)
          selected.push({ id, shard, location: { entry: live, row } })
        }
      }
    }
    return selected
  } finally {
    view.release()
  }
}

function* selectIds(
  state: CollectionState,
  partitions: readonly string[],
  ids: readonly PointId[],
  missing: PointId[],
  sliceBytes: number,
): Steps<Selected[]> {
  const places = placesOfPartitions(state.config, partitions)
  const selected: Selected[] = []
  const seen = new Set<string>()
  let work = 0
  for (const given of ids) {
    if (work >= sliceBytes) {
      work = 0
      yield
    }
    work += lookCost
    const id = wordsOfId(given)
    const key = `${id.kind}:${id.w0}:${id.w1}:${id.w2}:${id.w3}`
    if (seen.has(key)) continue
    seen.add(key)
    const before = selected.length
    for (const place of places) {
      const shard = state.shardOf(id, place)
      const location = shard.find(id)
      if (location !== undefined) selected.push({ id, shard, location })
    }
    if (selected.length === before) missing.push(idOfWords(id))
  }
  return selected
}
