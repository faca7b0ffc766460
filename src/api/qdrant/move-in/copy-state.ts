import { createHash } from 'node:crypto'
import type { Collection, Database, JsonObject, JsonValue, PointId, ShardKey } from '../../../index.ts'
import { integerOf, isArray, isObject } from '../decode.ts'
import type { CopiedRange } from './copy-points.ts'
import type { SourceCollection } from './source-collection.ts'

// What has to be known to go on after a crash: a document for each collection that is being copied, named after what it is
// to become, and a draft that holds the points so far. The record that gives drafts their names puts a receipt: from then on
// drafts and documents are leftovers.

const copyPrefix = 'move-in/copy/'
const receiptPrefix = 'move-in/done/'

export interface CopyState {
  readonly source: string
  readonly collection: string
  readonly into: string
  /** Hash of what the collection was made of: another one begins anew. */
  readonly request: string
  /** Name of the draft. */
  readonly draft: string
  readonly ranges: readonly CopiedRange[]
  /** Of a copy by snapshot: its name at the source, where it may still be; true: it has been restored. */
  readonly snapshot?: string | true
}

const hashOfRequest = (request: string): string => createHash('sha256').update(request).digest('hex')

/** Goes on with what is there, or makes a draft. */
export async function beginDraft(
  database: Database,
  collection: SourceCollection,
  options: {
    readonly source: string
    readonly into: string
    readonly kind: 'points' | 'snapshot'
    readonly newRanges: () => Promise<readonly CopiedRange[]>
  },
): Promise<{ readonly state: CopyState; readonly draft: Collection }> {
  const { source, into, kind, newRanges } = options
  const request = hashOfRequest(`${kind} ${collection.request}`)
  const wanted = { source, collection: collection.name, into, request }
  const kept = findCopy(database, wanted)
  if (kept !== undefined) {
    await database.whenLoaded(kept.draft)
    return { state: kept, draft: database.getCollection(kept.draft) }
  }
  await dropCopy(database, into)
  const ranges = await newRanges()
  const draft = await database.createDraft({
    ...collection.config,
    settings: { ...collection.config.settings, created_after: database.stats().appliedSeq },
  })
  const state = { ...wanted, draft: draft.name, ranges }
  await keepCopy(database, state)
  return { state, draft }
}

/** Undefined: there is none, or it is not this copy's. */
function findCopy(
  database: Database,
  { source, collection, into, request }: Omit<CopyState, 'draft' | 'ranges'>,
): CopyState | undefined {
  const state = readCopy(database.documents.get(copyPrefix + into), into)
  const isSame = state?.source === source && state.collection === collection && state.request === request
  return isSame && database.findCollection(state.draft) !== undefined ? state : undefined
}

export async function keepCopy(database: Database, state: CopyState): Promise<void> {
  const { into, ranges, ...kept } = state
  const told = ranges.map(({ from, to, next, isDone, points, key }): JsonValue => [
    from ?? null,
    to ?? null,
    next ?? null,
    isDone,
    points,
    ...(key === undefined ? [] : [key]),
  ])
  await database.documents.put(copyPrefix + into, { ...kept, ranges: told })
}

export function listCopies(database: Database): readonly CopyState[] {
  return database.documents
    .list(copyPrefix)
    .flatMap(([name, value]) => readCopy(value, name.slice(copyPrefix.length)) ?? [])
}

/** The draft and what was kept of it. */
export async function dropCopy(database: Database, into: string): Promise<void> {
  const state = readCopy(database.documents.get(copyPrefix + into), into)
  if (state !== undefined) await dropDraft(database, state.draft)
  await database.documents.delete(copyPrefix + into)
}

async function dropDraft(database: Database, name: string): Promise<void> {
  // A document may say anything: only a draft is dropped for it.
  if (database.listDrafts().some((draft) => draft.name === name)) await database.dropCollection(name)
}

/** What the record that gives names leaves behind. */
export interface Receipt {
  readonly into: readonly string[]
  readonly result: JsonObject
}

export const receiptName = (job: string): string => receiptPrefix + job

export function findReceipt(database: Database, job: string): Receipt | undefined {
  const value = database.documents.get(receiptName(job))
  return isObject(value) ? (value as unknown as Receipt) : undefined
}

/** Drops what copies that have been given their names left, of this job or of every job; then drafts that nobody can go on with. */
export async function settleReceipts(database: Database, job?: string): Promise<void> {
  const names = database.documents.list(job === undefined ? receiptPrefix : receiptName(job))
  for (const [name, value] of names) {
    for (const into of (value as unknown as Receipt).into) await dropCopy(database, into)
    await database.documents.delete(name)
  }
}

/** Drafts that no document tells of: a crash came between the two. */
export async function dropLostDrafts(database: Database): Promise<void> {
  const kept = new Set(listCopies(database).map(({ draft }) => draft))
  for (const { name } of database.listDrafts()) if (!kept.has(name)) await database.dropCollection(name)
}

function readCopy(value: JsonValue | undefined, into: string): CopyState | undefined {
  if (!isObject(value) || !isArray(value['ranges'])) return undefined
  const { source, collection, request, draft, snapshot } = value as unknown as CopyState
  const ranges = value['ranges'].map(readRange)
  return { source, collection, request, draft, into, ranges, ...(snapshot === undefined ? {} : { snapshot }) }
}

function readRange(value: JsonValue): CopiedRange {
  const [from, to, next, isDone, points, key] = value as unknown as [
    PointId | null,
    PointId | null,
    PointId | null,
    boolean,
    JsonValue,
    ShardKey?,
  ]
  return {
    from: from ?? undefined,
    to: to ?? undefined,
    next: next ?? undefined,
    isDone,
    points: Number(integerOf(points) ?? 0),
    ...(key === undefined ? {} : { key }),
  }
}
