import { stringifyJson, type JsonObject } from '../encoding/json.ts'
import { idOfWords, wordsOfId, type IdWords, type PointId } from '../ids/point-id.ts'
import type { SequenceNumber } from '../ids/brands.ts'
import { deletePayloadPath, mergePayload, setPayloadPath } from '../query/payload-edit.ts'
import { payloadOf } from './apply-points.ts'
import type { CollectionState } from './collection-state.ts'
import { Matcher, rowsOf } from './matching.ts'
import type { PointsOperation } from './operations.ts'
import { defaultPartition, partitionNames, placeOfPartition, viewOfPartitions } from './partitions.ts'
import type { Location, Shard } from './shard.ts'
import type { WriteResult } from './types.ts'
import { columnNameOf, columnValues } from './vector-columns.ts'

interface Selected {
  readonly id: IdWords
  readonly shard: Shard
  readonly location: Location
}

/** Applies one record that selects points; like applyPoints it depends on the state and the record alone. */
export function applyOperation(
  state: CollectionState,
  operation: PointsOperation,
  seq: SequenceNumber,
): WriteResult {
  const missing: PointId[] = []
  const selected = select(state, operation, seq, missing)
  for (const one of selected) change(state, one, operation, seq)
  state.changeCount += 1
  return { seq, missing, affected: selected.length }
}

function change(
  state: CollectionState,
  { id, shard, location }: Selected,
  operation: PointsOperation,
  seq: SequenceNumber,
): void {
  if (operation.op === 'delete') {
    shard.delete(location, seq)
    return
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
  if (operation.op !== 'delete-vectors') payload = encodePayload(changedPayload(location, operation))
  shard.delete(location, seq)
  shard.append(id, seq, payload, vectors)
}

type PayloadOperation = Exclude<PointsOperation, { readonly op: 'delete' | 'delete-vectors' }>

function changedPayload(location: Location, operation: PayloadOperation): JsonObject {
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

function select(
  state: CollectionState,
  { select: selection, partition = defaultPartition }: PointsOperation,
  seq: SequenceNumber,
  missing: PointId[],
): Selected[] {
  const partitions = partition === null ? partitionNames(state.config) : [partition]
  if ('ids' in selection) return selectIds(state, partitions, selection.ids, missing)
  const matcher = new Matcher(selection.filter, state.config)
  const whole = state.view(seq)
  const view = viewOfPartitions(whole, partitions)
  whole.release()
  try {
    return view.shards.flatMap((entries, index) =>
      entries.flatMap((entry, at) => {
        const shard = state.shards[index]!
        const live = shard.entries[at]!
        return [...rowsOf(matcher.bits(entry))].map((row) => {
          const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
          live.rows.idAt(row, id)
          return { id, shard, location: { entry: live, row } }
        })
      }),
    )
  } finally {
    view.release()
  }
}

function selectIds(
  state: CollectionState,
  partitions: readonly string[],
  ids: readonly PointId[],
  missing: PointId[],
): Selected[] {
  const places = partitions.map((name) => placeOfPartition(state.config, name))
  const selected: Selected[] = []
  const seen = new Set<string>()
  for (const given of ids) {
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
