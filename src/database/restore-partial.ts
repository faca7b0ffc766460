import { checkCollectionConfig, checkCollectionName } from '../collection/check-config.ts'
import { fullConfig } from '../collection/collection-state.ts'
import { Matcher, rowsOf } from '../collection/matching.ts'
import { openView } from '../collection/open-view.ts'
import type { CollectionConfig, VectorParams } from '../collection/types.ts'
import { aliveBits, visibleBits, type View } from '../collection/view.ts'
import type { JsonObject } from '../encoding/json.ts'
import { RawJson } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { collectionIdOf, seqOf, type SegmentId } from '../ids/brands.ts'
import { hashWords, wordsOfId, type IdWords, type PointId } from '../ids/point-id.ts'
import type { ManifestEntry } from '../manifest/format.ts'
import type { Filter } from '../query/filter.ts'
import { selectPayload } from '../query/payload-edit.ts'
import type { PayloadIndexParams } from '../query/payload-index.ts'
import { isPayloadPath } from '../query/payload-path.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import type { SegmentInfo } from '../segment/format.ts'
import { RowSet } from '../segment/row-set.ts'
import type { Engine } from './engine.ts'
import type { StagedCollection } from './records.ts'
import { resolveReference } from './reference.ts'

// Rows copied between two looks at the event loop: about a millisecond.
const sliceRows = 500

/** What is taken over, and what is changed on the way. What is left out stays as it is in the source. */
export interface RestorePartialOptions {
  /** Name of the new collection. */
  readonly as: string
  readonly filter?: Filter
  readonly ids?: readonly PointId[]
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
  /** Rows copied so far; `total` are those that may pass. */
  readonly onProgress?: (progress: { readonly rows: number; readonly total: number }) => void
}

/**
 * A new collection with a part of what a reference holds. Everything that can be wrong with the request is found before
 * the first row is read; the collection appears completely or not at all.
 * @throws request-invalid, filter-invalid, vector-unknown, collection-exists, alias-exists, cancelled, and what
 * `openReader` throws; then nothing has changed and nothing is left behind
 */
export async function restorePartial(
  engine: Engine,
  reference: string,
  options: RestorePartialOptions,
): Promise<string> {
  engine.checkOpen()
  checkCollectionName(options.as)
  checkNameIsFree(engine, options.as)
  const { catalog } = engine.parts
  const view = await engine.openReference(resolveReference(catalog, reference, engine.appliedSeq))
  try {
    const plan = planOf(view, options)
    return await copyInto(engine, view, plan, options)
  } finally {
    view.release()
  }
}

interface Plan {
  readonly config: CollectionConfig & { readonly shardNumber: number }
  readonly matcher: Matcher | undefined
  readonly select: (payload: Uint8Array) => Uint8Array
}

/** @throws request-invalid, filter-invalid, vector-unknown */
function planOf(view: View, options: RestorePartialOptions): Plan {
  const config = configOf(view, options)
  checkCollectionConfig(config)
  const filter = filterOf(options)
  return {
    config,
    matcher: filter === undefined ? undefined : new Matcher(filter, view.config.payloadIndexes),
    select: payloadSelector(options.payload),
  }
}

function configOf(view: View, options: RestorePartialOptions): Plan['config'] {
  const vectors: Record<string, VectorParams> = {}
  const names = options.vectors ?? Object.keys(view.config.vectors)
  for (const name of [...names, ...Object.keys(options.vectorSettings ?? {})]) {
    if (!Object.hasOwn(view.config.vectors, name) || !names.includes(name)) {
      const text = `Cannot restore vector "${name}": it is not among the vectors that are taken over`
      throw new DatabaseError('vector-unknown', text, { vector: name })
    }
    const settings = options.vectorSettings?.[name]
    const params = view.config.vectors[name]!
    vectors[name] = settings === undefined ? params : { ...params, settings }
  }
  return {
    ...view.config,
    vectors,
    shardNumber: options.shardNumber ?? view.config.shardNumber,
    payloadIndexes: options.payloadIndexes ?? view.config.payloadIndexes,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  }
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
  const { store, registry, services, pins, random } = engine.parts
  const shards = await copyRows(view, plan, options)
  const ids = shards.map(() => services.newSegmentId())
  // Pinned before the first byte is written, or garbage collection would take what nothing names yet.
  const unpin = pins.pin(ids)
  let isCommitted = false
  try {
    const segments = await writeShards(engine, shards, ids, plan, options.signal)
    const staged = stagedOf(random.uuid(), plan, options.as, segments)
    const opened = await openView(store, registry, {
      collection: collectionIdOf(staged.id),
      seq: seqOf(0),
      config: fullConfig(staged.config),
      shards: staged.shards,
      segments: staged.segments,
    })
    try {
      checkCount(opened, shards, options.as)
      checkSignal(options.signal)
      await engine.submit(
        { type: 'import', collections: [staged], aliases: {} },
        new Map([[staged.id, opened]]),
      )
      isCommitted = true
    } finally {
      opened.release()
    }
    return staged.id
  } finally {
    for (const rows of shards) rows.release()
    // If the log failed, only a new start tells whether the record is there; garbage collection takes the files then.
    if (!isCommitted && engine.isWritable) await deleteSegments(engine, ids)
    unpin()
  }
}

/** @throws cancelled; then no rows stay in memory */
async function copyRows(view: View, plan: Plan, options: RestorePartialOptions): Promise<RowSet[]> {
  const dimensions = Object.fromEntries(
    Object.entries(plan.config.vectors).map(([name, { size }]) => [name, { dimensions: size }]),
  )
  const shards = Array.from({ length: plan.config.shardNumber }, () => new RowSet(dimensions))
  try {
    const total = view.pointCount()
    const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
    let copied = 0
    for (const entry of view.entries()) {
      const rows = entry.handle.rows
      const bits =
        plan.matcher?.bits(entry) ?? visibleBits(entry) ?? aliveBits(entry.rowLimit, new Uint32Array(0))
      for (const row of rowsOf(bits)) {
        rows.idAt(row, id)
        const vectors: Record<string, Float32Array | undefined> = {}
        for (const name of Object.keys(dimensions)) vectors[name] = rows.vectors.get(name)?.get(row)
        shards[hashWords(id) % shards.length]!.append({
          id,
          written: rows.writtenAt(row),
          payload: plan.select(rows.payloadAt(row)),
          vectors,
        })
        if ((copied += 1) % sliceRows !== 0) continue
        options.onProgress?.({ rows: copied, total })
        await yieldToEventLoop()
        checkSignal(options.signal)
      }
    }
    options.onProgress?.({ rows: copied, total })
    return shards
  } catch (error) {
    for (const rows of shards) rows.release()
    throw error
  }
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
    const fields = plan.config.payloadIndexes ?? {}
    written.push(
      rows.rowCount === 0 ? undefined : await engine.parts.segments.write(ids[index]!, rows, fields, signal),
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

function checkCount(opened: View, shards: readonly RowSet[], name: string): void {
  const expected = shards.reduce((sum, rows) => sum + rows.rowCount, 0)
  const actual = opened.pointCount()
  if (actual === expected) return
  const text = `Cannot restore collection "${name}": it has ${actual} points where ${expected} were taken over`
  throw new DatabaseError('segment-corrupt', text, { expected, actual })
}

async function deleteSegments(engine: Engine, ids: readonly SegmentId[]): Promise<void> {
  for (const id of ids) {
    const objects = await engine.parts.store.list(`segments/${id}/`)
    await engine.parts.store.delete(objects.map(({ key }) => key))
  }
}

function checkNameIsFree(engine: Engine, name: string): void {
  const { catalog } = engine.parts
  if (catalog.collectionNamed(name) !== undefined)
    throw new DatabaseError('collection-exists', `Cannot create collection "${name}": it exists`, { name })
  if (catalog.aliases.has(name))
    throw new DatabaseError('alias-exists', `Cannot create collection "${name}": an alias has this name`, {
      name,
    })
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new DatabaseError('cancelled', 'Cannot go on with the restore: it was cancelled')
}
