import { countBits } from '../runtime/bits.ts'
import { checkCollectionConfig, checkCollectionName } from '../collection/checks/check-config.ts'
import { Matcher, rowsOf } from '../collection/matching.ts'
import {
  defaultPartition,
  homeShard,
  partitionNames,
  partitionOfShard,
  placeOfPartition,
  shardCountOf,
  withPartitions,
} from '../collection/partitions.ts'
import type { VectorParams } from '../collection/types.ts'
import { declaredColumns, vectorAt, type VectorSchema } from '../collection/vector-columns.ts'
import { aliveBits, visibleBits, type FullConfig, type View } from '../collection/view.ts'
import type { JsonObject } from '../encoding/json.ts'
import { RawJson } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { checkMembers, type Members } from '../errors/known-members.ts'
import type { VectorValue } from '../graph/vector-value.ts'
import type { SegmentId } from '../ids/brands.ts'
import { wordsOfId, type IdWords, type PointId } from '../ids/point-id.ts'
import type { ManifestEntry } from '../manifest/format.ts'
import type { Filter } from '../query/filter.ts'
import { selectPayload } from '../query/payload-edit.ts'
import type { PayloadIndexParams } from '../query/payload-index.ts'
import { isPayloadPath } from '../query/payload-path.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import type { SegmentInfo } from '../segment/format.ts'
import { RowSet } from '../segment/row-set.ts'
import { checkNameIsFree } from './apply/collections.ts'
import type { Engine } from './engine.ts'
import type { StagedCollection } from './records.ts'
import { configOfReference } from './reference-config.ts'
import { resolveReference } from './reference.ts'
import { openStaged, Staging } from './staged.ts'

// Rows copied between two looks at the event loop: about a millisecond.
const sliceRows = 500

const ofPartial: Members<RestorePartialOptions> = {
  as: true,
  filter: true,
  ids: true,
  partitions: true,
  vectors: true,
  payload: true,
  shardNumber: true,
  payloadIndexes: true,
  vectorSettings: true,
  settings: true,
  signal: true,
  onProgress: true,
}
const ofPayload: Members<NonNullable<RestorePartialOptions['payload']>> = { include: true, exclude: true }

/** What is taken over, and what is changed on the way. What is left out stays as it is in the source. */
export interface RestorePartialOptions {
  /** Name of the new collection. */
  readonly as: string
  readonly filter?: Filter
  readonly ids?: readonly PointId[]
  /** Names of the partitions that are taken over; the new collection has these and `_default`. */
  readonly partitions?: readonly string[]
  /** Names of the vectors that are taken over. */
  readonly vectors?: readonly string[]
  /** Payload paths: first only what is included, of that all but what is excluded. */
  readonly payload?: { readonly include?: readonly string[]; readonly exclude?: readonly string[] }
  readonly shardNumber?: number
  /** Replaces the payload indexes. */
  readonly payloadIndexes?: Readonly<Record<string, PayloadIndexParams>>
  /** Replaces the settings of these vectors; size and distance stay. */
  readonly vectorSettings?: Readonly<Record<string, JsonObject>>
  /** Replaces the settings of the collection. */
  readonly settings?: JsonObject
  readonly signal?: AbortSignal
  /** Rows copied so far, and how many were selected. */
  readonly onProgress?: (progress: { readonly rows: number; readonly total: number }) => void
}

/**
 * A new collection with a part of what a reference holds. Everything that can be wrong with the request is found before
 * the first row is read; the collection appears completely or not at all.
 * @throws request-invalid, filter-invalid, vector-unknown, partition-not-found, collection-exists, alias-exists, cancelled, and what
 * `openReader` throws; then nothing has changed and nothing is left behind
 */
export async function restorePartial(
  engine: Engine,
  reference: string,
  options: RestorePartialOptions,
): Promise<string> {
  engine.checkOpen()
  const cannot = 'Cannot restore a part'
  checkMembers(options, ofPartial, { cannot, of: 'the options' })
  if (options.payload !== undefined) checkMembers(options.payload, ofPayload, { cannot, of: 'payload' })
  checkCollectionName(options.as)
  checkNameIsFree(engine.parts.catalog, options.as)
  const found = resolveReference(engine.parts.catalog, reference, engine.appliedSeq)
  // All that can be wrong shows here, before a segment is read.
  planOf(await configOfReference(engine, found), options)
  const view = await engine.openReference(found)
  try {
    // Again: the configuration of a living collection may be another one by now.
    return await copyInto(engine, view, planOf(view.config, options), options)
  } finally {
    view.release()
  }
}

interface Plan {
  readonly config: FullConfig
  readonly source: VectorSchema
  /** Names of the partitions whose points are taken over. */
  readonly partitions: readonly string[]
  readonly matcher: Matcher | undefined
  readonly select: (payload: Uint8Array) => Uint8Array
}

/** @throws request-invalid, filter-invalid, vector-unknown, partition-not-found */
function planOf(source: FullConfig, options: RestorePartialOptions): Plan {
  const partitions = [...new Set(options.partitions ?? partitionNames(source))]
  for (const name of partitions) placeOfPartition(source, name)
  const others = partitions.filter((name) => name !== defaultPartition)
  const config = withPartitions(configOf(source, options), [defaultPartition, ...others])
  checkCollectionConfig(config)
  const filter = filterOf(options)
  return {
    config,
    source: source.vectors,
    partitions,
    matcher: filter === undefined ? undefined : new Matcher(filter, source),
    select: payloadSelector(options.payload),
  }
}

function configOf(source: FullConfig, options: RestorePartialOptions): FullConfig {
  const vectors: Record<string, VectorParams> = {}
  for (const name of options.vectors ?? Object.keys(source.vectors)) {
    if (!Object.hasOwn(source.vectors, name)) throw unknownVector(name, 'the source does not have it')
    // Rows are copied, so that no column needs another name than its vector's.
    const { column: _, ...params } = source.vectors[name]!
    vectors[name] = params
  }
  for (const [name, settings] of Object.entries(options.vectorSettings ?? {})) {
    if (!Object.hasOwn(vectors, name)) throw unknownVector(name, 'it is not among those that are taken over')
    const params = vectors[name]!
    checkUnchanged(name, 'size', params.size, settings['size'])
    checkUnchanged(name, 'distance', params.distance, settings['distance'])
    vectors[name] = { ...params, settings }
  }
  return {
    ...source,
    vectors,
    shardNumber: options.shardNumber ?? source.shardNumber,
    payloadIndexes: options.payloadIndexes ?? source.payloadIndexes,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  }
}

function unknownVector(name: string, why: string): DatabaseError {
  return new DatabaseError('vector-unknown', `Cannot restore vector "${name}": ${why}`, { vector: name })
}

/** Vectors are copied as they are: another size or distance would make them mean something else. */
function checkUnchanged(vector: string, what: string, is: unknown, wanted: unknown): void {
  if (wanted === undefined || wanted === is) return
  const text = `Cannot restore vector "${vector}" with another ${what}: it is ${String(is)}`
  throw new DatabaseError('request-invalid', text, { vector, [what]: wanted })
}

/** @throws request-invalid for an id that is none */
function filterOf({ filter, ids }: RestorePartialOptions): Filter | undefined {
  if (ids === undefined) return filter
  for (const id of ids) wordsOfId(id)
  const hasId = { kind: 'has-id' as const, ids: [...ids] }
  return { ...filter, must: [...(filter?.must ?? []), hasId] }
}

function payloadSelector(payload: RestorePartialOptions['payload']): Plan['select'] {
  const { include, exclude } = payload ?? {}
  for (const path of [...(include ?? []), ...(exclude ?? [])]) {
    if (!isPayloadPath(path)) {
      const text = `Cannot restore payload path ${JSON.stringify(path)}: it is malformed`
      throw new DatabaseError('request-invalid', text, { path })
    }
  }
  if (include === undefined && exclude === undefined) return (bytes) => bytes
  return (bytes) => {
    if (bytes.byteLength === 0) return bytes
    let chosen = new RawJson(bytes)
    if (include !== undefined) chosen = selectPayload(chosen, { include })
    if (exclude !== undefined) chosen = selectPayload(chosen, { exclude })
    return chosen.bytes()
  }
}

/** Rows into memory, memory into files, files read back, and then the one record that makes it known. */
async function copyInto(
  engine: Engine,
  view: View,
  plan: Plan,
  options: RestorePartialOptions,
): Promise<string> {
  const { services, random } = engine.parts
  const pause = pauseOf(options.signal)
  const selected = await selectRows(view, plan, pause)
  const pointCount = selected.reduce((sum, { bits }) => sum + countBits(bits), 0)
  const shards = emptyShards(plan.config)
  const ids = shards.map(() => services.newSegmentId())
  const staging = new Staging(engine, ids)
  try {
    await copyRows(selected, shards, plan, pause, (rows) => {
      options.onProgress?.({ rows, total: pointCount })
    })
    const segments = await writeShards(engine, shards, ids, plan, options.signal)
    const staged = stagedOf(random.uuid(), plan, options.as, segments)
    const opened = await openStaged(engine.parts, staged)
    try {
      checkCount(opened, pointCount, options.as)
      checkSignal(options.signal)
      await staging.commit([staged], {}, new Map([[staged.id, opened]]))
    } finally {
      opened.release()
    }
    return staged.id
  } finally {
    for (const rows of shards) rows.release()
    await staging.end()
  }
}

interface SelectedRows {
  readonly partition: string
  readonly rows: RowSet
  readonly bits: Uint32Array
}

/** The rows of each segment that pass. */
async function selectRows(
  view: View,
  { matcher, partitions }: Plan,
  pause: Pause,
): Promise<readonly SelectedRows[]> {
  const selected: SelectedRows[] = []
  for (const [shard, entries] of view.shards.entries()) {
    const partition = partitionOfShard(view.config, shard)
    if (partition === null || !partitions.includes(partition)) continue
    for (const entry of entries) {
      const bits = matcher?.bits(entry) ?? visibleBits(entry) ?? aliveBits(entry.rowLimit, new Uint32Array(0))
      selected.push({ partition, rows: entry.handle.rows, bits })
      await pause()
    }
  }
  return selected
}

function emptyShards(config: FullConfig): readonly RowSet[] {
  const columns = declaredColumns(config.vectors)
  return Array.from({ length: shardCountOf(config) }, () => new RowSet(columns))
}

/** @throws cancelled */
async function copyRows(
  selected: readonly SelectedRows[],
  shards: readonly RowSet[],
  plan: Plan,
  pause: Pause,
  onCopied: (rows: number) => void,
): Promise<void> {
  const names = Object.keys(plan.config.vectors)
  const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  let copied = 0
  for (const { partition, rows, bits } of selected) {
    const place = placeOfPartition(plan.config, partition)
    for (const row of rowsOf(bits)) {
      rows.idAt(row, id)
      const vectors: Record<string, VectorValue | undefined> = {}
      for (const name of names) vectors[name] = vectorAt({ rows, row }, plan.source, name)
      const payload = plan.select(rows.payloadAt(row))
      const home = shards[homeShard(plan.config, place, id)]!
      home.append({ id, written: rows.writtenAt(row), payload, vectors })
      if ((copied += 1) % sliceRows !== 0) continue
      onCopied(copied)
      await pause()
    }
  }
  onCopied(copied)
}

/** By shard; undefined where a shard has no rows. */
async function writeShards(
  engine: Engine,
  shards: readonly RowSet[],
  ids: readonly SegmentId[],
  plan: Plan,
  signal: AbortSignal | undefined,
): Promise<(SegmentInfo | undefined)[]> {
  const written: (SegmentInfo | undefined)[] = []
  for (const [index, rows] of shards.entries()) {
    const fields = plan.config.payloadIndexes
    written.push(
      rows.rowCount === 0
        ? undefined
        : await engine.parts.segments.write(ids[index]!, rows, fields, { signal }),
    )
  }
  return written
}

function stagedOf(
  id: string,
  plan: Plan,
  name: string,
  segments: readonly (SegmentInfo | undefined)[],
): StagedCollection {
  const entryOf = (info: SegmentInfo): ManifestEntry => ({
    segment: info.id,
    rowsUpTo: null,
    foreign: true,
    inherited: [],
    deltas: [],
  })
  return {
    id,
    name,
    config: plan.config,
    shards: segments.map((info) => (info === undefined ? [] : [entryOf(info)])),
    segments: segments.filter((info) => info !== undefined),
    replace: false,
  }
}

function checkCount(opened: View, expected: number, name: string): void {
  const actual = opened.pointCount()
  if (actual === expected) return
  const text = `Cannot restore collection "${name}": it has ${actual} points where ${expected} were selected`
  throw new DatabaseError('segment-corrupt', text, { expected, actual })
}

type Pause = () => Promise<void>

/** Lets others have the thread, and sees a cancellation. */
function pauseOf(signal: AbortSignal | undefined): Pause {
  return async () => {
    await yieldToEventLoop()
    checkSignal(signal)
  }
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new DatabaseError('cancelled', 'Cannot go on with the restore: it was cancelled')
}
