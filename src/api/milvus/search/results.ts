import type { Collection, ReadOptions } from '../../../index.ts'
import type { Call } from '../door.ts'
import { idsMessage } from '../rows/keys.ts'
import { planOutput, type OutputPlan } from '../rows/outgoing/output-plan.ts'
import { resultColumns, resultRows } from '../rows/outgoing/result-columns.ts'
import type { CollectionModel } from '../schema/collection-model.ts'
import type { FieldDocument } from '../schema/document.ts'
import { codes, MilvusError } from '../status.ts'
import type { TimeView } from '../time/time-view.ts'
import type { FoundHit } from './finding/find-hits.ts'
import { roundScore } from './finding/metrics.ts'

/**
 * The fields that a request is answered with: those that it asks for. The Node client reads keys from the columns alone,
 * where pymilvus shows every column that is there, so its requests are taken to ask for the key.
 */
export function askedFields(
  { primaryKey }: CollectionModel,
  requested: readonly string[],
  { metadata }: Call,
): readonly string[] {
  const isNode = metadata['user-agent']?.includes('grpc-node-js') === true
  return isNode ? [...requested, primaryKey.name] : requested
}

/** What is answered of each hit: its key stands by itself, and is among the fields only if it is asked for. @throws 65535 */
export function searchOutput(
  model: CollectionModel,
  collection: Collection,
  requested: readonly string[],
  times: TimeView,
): OutputPlan {
  if (requested.some((name) => name.trim().toLowerCase() === 'count(*)'))
    throw new MilvusError(codes.unexpected, 'parse output field name failed: count(*)')
  const plan = planOutput(model, collection, requested, times)
  const { name } = model.primaryKey
  const isKeyAsked = requested.some((one) => one.trim() === name || one.trim() === '*')
  if (isKeyAsked) return plan
  const names = plan.names.filter((one) => one !== name)
  return { ...plan, names, fields: plan.fields.filter(({ isPrimaryKey }) => isPrimaryKey !== true) }
}

export interface ResultParts {
  readonly collection: Collection
  readonly model: CollectionModel
  readonly output: OutputPlan
  /** The most that a query could have found. */
  readonly limit: number
  readonly roundDecimal: number
  /** What the hits are grouped by: its values stand by themselves, too. They have been read. */
  readonly groupField?: FieldDocument | undefined
  /** For each query its hits, best first. */
  readonly results: readonly (readonly FoundHit[])[]
}

/** A `SearchResultData`: the hits of all queries one behind the other, in columns. */
export function resultData({ collection, model, output, results, ...parts }: ResultParts): object {
  const hits = results.flat()
  const rows = resultRows(
    model,
    hits.map(({ point }) => point),
  )
  return {
    num_queries: results.length,
    top_k: parts.limit,
    topks: results.map((one) => one.length),
    scores: Float32Array.from(hits, ({ score }) => roundScore(score, parts.roundDecimal)),
    ids: idsMessage(model, rows.keys),
    fields_data: resultColumns(model, collection, output, rows),
    output_fields: output.names,
    primary_field_name: model.primaryKey.name,
    all_search_count: hits.length,
    ...(parts.groupField !== undefined && {
      group_by_field_value: resultColumns(model, collection, onlyOf(output, parts.groupField), rows)[0],
    }),
    ...(hits.some(({ element }) => element !== undefined) && {
      element_indices: { data: hits.map(({ element }) => element ?? 0) },
    }),
  }
}

const onlyOf = (output: OutputPlan, field: FieldDocument): OutputPlan => ({
  ...output,
  fields: [field],
  structs: [],
  dynamic: undefined,
})

/** The same, with a field of the payload more. */
export function alsoReading(reads: ReadOptions, names: readonly string[]): ReadOptions {
  if (names.length === 0 || reads.payload === true) return reads
  return { ...reads, payload: true }
}
