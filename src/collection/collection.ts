import { parseJson, RawJson, stringifyJson, type JsonObject, type JsonValue } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { wordsOfId, type PointId } from '../ids/point-id.ts'
import type { SequenceNumber } from '../ids/brands.ts'
import { compileFilter } from '../query/compile-filter.ts'
import type { Filter } from '../query/filter.ts'
import { encodePayload } from './apply-operation.ts'
import type { CollectionState } from './collection-state.ts'
import type { PointsOperation } from './operations.ts'
import { newIds, writeId, type PointsBatch, type UpsertMode } from './points-batch.ts'
import { CollectionReader } from './reader.ts'
import type {
  Distance,
  PartitionsTarget,
  PartitionTarget,
  PointInput,
  PointSelector,
  SettingsTarget,
  UpsertOptions,
  VectorParams,
  VectorsInput,
  WriteResult,
} from './types.ts'
import { checkVectorParams } from './check-config.ts'
import { withDistance } from './set-distance.ts'
import { unknownVector } from './vector-columns.ts'
import { checkPartitionName, defaultPartition, placeOfPartition } from './partitions.ts'
import type { PayloadIndexParams } from '../query/payload-index.ts'
import { newColumn, type ColumnBuilder } from './column-builder.ts'

export interface ConfigChange {
  readonly collection: string
  readonly createIndex?: { readonly field: string; readonly params: PayloadIndexParams }
  readonly dropIndex?: string
  readonly settings?: JsonObject
  readonly vectorSettings?: Readonly<Record<string, JsonObject>>
  /** Vectors that the collection has from then on; none of these names may be there. */
  readonly addVectors?: Readonly<Record<string, VectorParams>>
  readonly dropVector?: string
  /** The name must not be there. */
  readonly addPartition?: string
  /** Its points go with it. */
  readonly dropPartition?: string
  /** By vector name: how the queries of a sparse vector are weighed from then on; null: not at all. */
  readonly modifiers?: Readonly<Record<string, 'idf' | null>>
  /** By vector name: what it is compared by from then on; with Cosine it keeps its length. */
  readonly distances?: Readonly<Record<string, Distance>>
}

/** Where a collection sends its writes: validated, they become log records. */
export interface WriteSink {
  points(batch: PointsBatch): Promise<WriteResult>
  operation(operation: PointsOperation): Promise<WriteResult>
  configure(change: ConfigChange): Promise<{ readonly seq: SequenceNumber }>
  /** The state that the handle stands for. @throws collection-not-found once it was dropped, database-closed */
  state(id: string): CollectionState
}

/** A living collection. Writes resolve when they are on disk and visible. */
export class WritableCollection extends CollectionReader {
  readonly #sink: WriteSink

  constructor(source: ConstructorParameters<typeof CollectionReader>[0], sink: WriteSink) {
    super(source)
    this.#sink = sink
  }

  /**
   * Inserts points or replaces them whole; all of them or, if one is wrong, none.
   * @throws request-invalid, vector-unknown, dimension-mismatch, filter-invalid
   */
  upsert(points: readonly PointInput[], options: UpsertOptions = {}): Promise<WriteResult> {
    return this.#writePoints(points, options.mode ?? 'upsert', options)
  }

  /** Replaces the named vectors of points that exist; the others are reported as missing. */
  updateVectors(
    points: readonly VectorsInput[],
    options: { readonly condition?: Filter } & PartitionTarget = {},
  ): Promise<WriteResult> {
    return this.#writePoints(points, 'vectors', options)
  }

  /** Removes the named vectors from points. @throws vector-unknown */
  async deleteVectors(
    selector: PointSelector,
    names: readonly string[],
    target: PartitionsTarget = {},
  ): Promise<WriteResult> {
    const { config } = this.#sink.state(this.id)
    for (const name of names) if (!Object.hasOwn(config.vectors, name)) throw unknownVector(name)
    return this.#operate(selector, { op: 'delete-vectors', names }, target)
  }

  /** Removes points; ids that do not exist, in none of the partitions that are written to, are reported as missing. */
  delete(selector: PointSelector, target: PartitionsTarget = {}): Promise<WriteResult> {
    return this.#operate(selector, { op: 'delete' }, target)
  }

  /** Merges keys into the payload, at the top or below `path`. */
  setPayload(
    selector: PointSelector,
    payload: JsonObject | RawJson,
    options: { readonly path?: string } & SettingsTarget = {},
  ): Promise<WriteResult> {
    const value = toObject(payload)
    const path = options.path === undefined ? {} : { path: options.path }
    return this.#operate(selector, { op: 'set-payload', payload: value, ...path }, options)
  }

  overwritePayload(
    selector: PointSelector,
    payload: JsonObject | RawJson,
    target: PartitionsTarget = {},
  ): Promise<WriteResult> {
    return this.#operate(selector, { op: 'overwrite-payload', payload: toObject(payload) }, target)
  }

  deletePayload(
    selector: PointSelector,
    paths: readonly string[],
    target: SettingsTarget = {},
  ): Promise<WriteResult> {
    return this.#operate(selector, { op: 'delete-payload', paths }, target)
  }

  clearPayload(selector: PointSelector, target: PartitionsTarget = {}): Promise<WriteResult> {
    return this.#operate(selector, { op: 'clear-payload' }, target)
  }

  /** Declares an index on a payload field; another declaration replaces the first. */
  createPayloadIndex(field: string, params: PayloadIndexParams): Promise<{ readonly seq: SequenceNumber }> {
    return this.#sink.configure({ collection: this.id, createIndex: { field, params } })
  }

  /** A field without an index is fine. */
  dropPayloadIndex(field: string): Promise<{ readonly seq: SequenceNumber }> {
    return this.#sink.configure({ collection: this.id, dropIndex: field })
  }

  /**
   * Declares another vector. Points that are there do not have it until it is written. `settings` replace those of the
   * collection, in the same step.
   * @throws vector-exists, request-invalid
   */
  async addVector(
    name: string,
    params: VectorParams,
    options: { readonly settings?: JsonObject } = {},
  ): Promise<{ readonly seq: SequenceNumber }> {
    checkVectorParams(name, params)
    return this.#sink.configure({ collection: this.id, addVectors: { [name]: params }, ...options })
  }

  /** Removes a vector, and what the points have of it; `settings` as for `addVector`. @throws vector-unknown */
  dropVector(
    name: string,
    options: { readonly settings?: JsonObject } = {},
  ): Promise<{ readonly seq: SequenceNumber }> {
    return this.#sink.configure({ collection: this.id, dropVector: name, ...options })
  }

  /**
   * Another part of the collection, with shards of its own: points are written to one, and read from all or some. The same
   * id in two partitions is two points. @throws partition-exists, request-invalid
   */
  async createPartition(name: string): Promise<{ readonly seq: SequenceNumber }> {
    checkPartitionName(name)
    return this.#sink.configure({ collection: this.id, addPartition: name })
  }

  /** Removes a partition with its points. @throws partition-not-found, request-invalid for `_default` */
  dropPartition(name: string): Promise<{ readonly seq: SequenceNumber }> {
    return this.#sink.configure({ collection: this.id, dropPartition: name })
  }

  /**
   * Replaces what the front door remembers of the collection and, by name, of its vectors; and how queries of sparse vectors
   * are weighed, null being not at all. @throws vector-unknown, request-invalid
   */
  updateSettings(
    settings: JsonObject,
    vectorSettings: Readonly<Record<string, JsonObject>> = {},
    modifiers: Readonly<Record<string, 'idf' | null>> = {},
  ): Promise<{ readonly seq: SequenceNumber }> {
    return this.#sink.configure({ collection: this.id, settings, vectorSettings, modifiers })
  }

  /**
   * Compares a vector by another distance from then on: one log record, whatever the size, for rows stay as they are.
   * Snapshots, and moments before, keep theirs. Only for vectors that are stored as they were given, which all are but
   * those with Cosine that do not keep their length, and sparse ones; one that becomes Cosine has `keepsLength` then.
   * `settings` replace those of the collection, in the same step. @throws vector-unknown, request-invalid
   */
  async setDistance(
    name: string,
    distance: Distance,
    options: { readonly settings?: JsonObject } = {},
  ): Promise<{ readonly seq: SequenceNumber }> {
    const { vectors } = this.#sink.state(this.id).config
    withDistance(vectors, name, distance)
    return this.#sink.configure({ collection: this.id, distances: { [name]: distance }, ...options })
  }

  async #writePoints(
    points: readonly (PointInput | VectorsInput)[],
    mode: UpsertMode,
    { condition, partition }: { readonly condition?: Filter } & PartitionTarget,
  ): Promise<WriteResult> {
    const state = this.#sink.state(this.id)
    if (condition !== undefined) compileFilter(condition, { payloadIndexes: state.config.payloadIndexes })
    const batch = buildBatch(state, points, mode, condition)
    return this.#sink.points({ ...batch, ...loggedPartition(state, partition) })
  }

  async #operate(
    selector: PointSelector,
    operation: DistributedOmit<PointsOperation, 'collection' | 'partition' | 'settings' | 'select'>,
    { partition, settings }: SettingsTarget,
  ): Promise<WriteResult> {
    const state = this.#sink.state(this.id)
    if ('ids' in selector) for (const id of selector.ids) wordsOfId(id)
    else compileFilter(selector.filter, { payloadIndexes: state.config.payloadIndexes })
    return this.#sink.operation({
      ...operation,
      collection: this.id,
      ...(partition === null ? { partition } : loggedPartition(state, partition)),
      ...(settings === undefined ? {} : { settings }),
      select: selector,
    })
  }
}

/** The default partition is not named in records. @throws partition-not-found */
function loggedPartition(state: CollectionState, partition: string | undefined): PartitionTarget {
  if (partition === undefined || partition === defaultPartition) return {}
  placeOfPartition(state.config, partition)
  return { partition }
}

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

function buildBatch(
  state: CollectionState,
  points: readonly (PointInput | VectorsInput)[],
  mode: UpsertMode,
  condition: Filter | undefined,
): PointsBatch {
  const ids = newIds(points.length)
  const payloads: Uint8Array[] = []
  const columns = new Map<string, ColumnBuilder>()
  points.forEach((point, i) => {
    writeId(ids, i, wordsOfId(point.id))
    payloads.push(payloadBytes('payload' in point ? point.payload : undefined, point.id))
    const vectors = point.vectors ?? {}
    for (const name of Object.keys(vectors)) {
      const params = Object.hasOwn(state.config.vectors, name) ? state.config.vectors[name]! : undefined
      if (params === undefined) throw unknownVector(name)
      let column = columns.get(name)
      if (column === undefined) columns.set(name, (column = newColumn(name, params, points.length)))
      column.add(i, vectors[name]!)
    }
  })
  return {
    collection: state.id,
    mode,
    condition: condition === undefined ? '' : stringifyJson(condition as unknown as JsonValue),
    count: points.length,
    ids,
    payloads: { bytes: Buffer.concat(payloads), lengths: Uint32Array.from(payloads, (text) => text.length) },
    vectors: [...columns.values()].map((column) => column.finish()),
  }
}

const noPayload = new Uint8Array(0)

function payloadBytes(payload: JsonObject | RawJson | undefined, id: PointId): Uint8Array {
  if (payload === undefined) return noPayload
  if (payload instanceof RawJson) return isEmptyObject(payload.bytes()) ? noPayload : payload.bytes()
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw new DatabaseError(
      'request-invalid',
      `Cannot use the payload of point ${String(id)}: it is no JSON object`,
      { id },
    )
  }
  return encodePayload(payload)
}

function isEmptyObject(text: Uint8Array): boolean {
  return text.length < 16 && Buffer.from(text).toString('latin1').replace(/\s+/g, '') === '{}'
}

function toObject(payload: JsonObject | RawJson): JsonObject {
  const value = payload instanceof RawJson ? parseJson(payload.text) : payload
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DatabaseError('request-invalid', 'Cannot use this payload: it is no JSON object')
  }
  return value as JsonObject
}
