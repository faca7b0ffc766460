import { parseJson, RawJson, type JsonObject } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { wordsOfId } from '../ids/point-id.ts'
import type { SequenceNumber } from '../ids/brands.ts'
import { checkFilterMembers } from '../query/check-filter.ts'
import { compileFilter, type FilterSchema } from '../query/compile-filter.ts'
import type { Filter } from '../query/filter.ts'
import type { CollectionState } from './collection-state.ts'
import type { PointsOperation } from './operations.ts'
import type { PointsBatch, UpsertMode } from './points-batch.ts'
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
import { checkVectorParams } from './checks/check-config.ts'
import {
  checkIndexMembers,
  checkSelection,
  checkVectorMembers,
  checkWriteOptions,
} from './checks/check-members.ts'
import { withDistance } from './set-distance.ts'
import { unknownVector } from './vector-columns.ts'
import { checkPartitionName, defaultPartition, listed, placesOfPartitions } from './partitions.ts'
import type { PayloadIndexParams } from '../query/payload-index.ts'
import { BatchBuilder } from './batch-builder.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'

// What is checked and copied between two looks at the event loop, and what a point counts beside its bytes: a millisecond.
const sliceBytes = 2 ** 20
const pointCost = 512

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

  /**
   * The same for a large batch on a busy event loop: points are asked for one by one, with looks at the event loop in
   * between. What `pointAt` throws is thrown, and nothing is written then.
   */
  async upsertInSlices(
    count: number,
    pointAt: (index: number) => PointInput,
    options: UpsertOptions = {},
  ): Promise<WriteResult> {
    const builder = this.#newBatch(count, options.mode ?? 'upsert', options)
    let bytes = 0
    for (let index = 0; index < count; index++) {
      if (bytes >= sliceBytes) {
        bytes = 0
        await yieldToEventLoop()
      }
      bytes += pointCost + builder.add(pointAt(index))
    }
    return this.#write(builder, options)
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
  async createPayloadIndex(
    field: string,
    params: PayloadIndexParams,
  ): Promise<{ readonly seq: SequenceNumber }> {
    checkIndexMembers(field, params)
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
    checkVectorMembers(name, params)
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
    options: { readonly condition?: Filter } & PartitionTarget,
  ): Promise<WriteResult> {
    const builder = this.#newBatch(points.length, mode, options)
    for (const point of points) builder.add(point)
    return this.#write(builder, options)
  }

  async #write(builder: BatchBuilder, target: PartitionTarget): Promise<WriteResult> {
    try {
      return await this.#sink.points({ ...builder.finish(), ...this.#partitionOf(target) })
    } finally {
      builder.release()
    }
  }

  #newBatch(count: number, mode: UpsertMode, options: UpsertOptions): BatchBuilder {
    checkWriteOptions(options, mode)
    const { id, config } = this.#sink.state(this.id)
    const { condition } = options
    if (condition !== undefined) checkFilter(condition, config)
    return new BatchBuilder({ collection: id, vectors: config.vectors, mode, condition, count })
  }

  #partitionOf({ partition }: PartitionTarget): PartitionTarget {
    return loggedPartition(this.#sink.state(this.id), partition)
  }

  async #operate(
    selector: PointSelector,
    operation: DistributedOmit<PointsOperation, 'collection' | 'partition' | 'settings' | 'select'>,
    target: SettingsTarget,
  ): Promise<WriteResult> {
    checkSelection(selector, target)
    const { partition, settings } = target
    const state = this.#sink.state(this.id)
    if ('ids' in selector) for (const id of selector.ids) wordsOfId(id)
    else checkFilter(selector.filter, state.config)
    return this.#sink.operation({
      ...operation,
      collection: this.id,
      ...(partition === null ? { partition } : loggedPartition(state, partition)),
      ...(settings === undefined ? {} : { settings }),
      select: selector,
    })
  }
}

/** The default partition alone is not named in records; each is named once. @throws partition-not-found, request-invalid for none */
function loggedPartition(
  state: CollectionState,
  partition: string | readonly string[] | undefined,
): PartitionTarget {
  if (partition === undefined) return {}
  const names = [...new Set(listed(partition))]
  placesOfPartitions(state.config, names)
  const [first] = names
  if (first === undefined) throw new DatabaseError('request-invalid', 'Cannot write to no partition at all')
  if (names.length > 1) return { partition: names }
  return first === defaultPartition ? {} : { partition: first }
}

/** @throws filter-invalid */
function checkFilter(filter: Filter, { payloadIndexes }: FilterSchema): void {
  checkFilterMembers(filter)
  compileFilter(filter, { payloadIndexes })
}

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

function toObject(payload: JsonObject | RawJson): JsonObject {
  const value = payload instanceof RawJson ? parseJson(payload.text) : payload
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DatabaseError('request-invalid', 'Cannot use this payload: it is no JSON object')
  }
  return value as JsonObject
}
