import type { Collection } from '../../../index.ts'
import { loadStateOf, saveLoadState, type LoadState } from '../collections/load-state.ts'
import { checkPartitionsExist, hasPartitionKey, partitionsOf } from '../collections/partition-list.ts'
import { databaseOf, type Call, type MilvusDoor } from '../door.ts'
import { modelOf, vectorFieldsOf } from '../schema/collection-model.ts'
import { exclusively } from '../schema/own-document.ts'
import { codes, invalidParameter, MilvusError } from '../status.ts'

interface LoadCollectionRequest {
  readonly db_name: string
  readonly collection_name: string
  readonly replica_number: number
}

interface PartitionsRequest {
  readonly db_name: string
  readonly collection_name: string
  readonly partition_names: readonly string[]
}

/** Nothing is brought to memory: it says that reads are wanted. @throws 100, 700, 800, 1100, 65535 */
export async function loadCollection(
  door: MilvusDoor,
  request: LoadCollectionRequest,
  call: Call,
): Promise<object> {
  await exclusively(door, databaseOf(call, request.db_name), request.collection_name, async (collection) => {
    checkIndexes(collection, request.collection_name)
    const before = loadStateOf(door, collection)
    const replicas = checkReplicas(before, request.replica_number)
    await save(door, collection, before, { replicas })
  })
  return {}
}

/** @throws 100, 200, 700, 800, 1100, 65535 */
export async function loadPartitions(
  door: MilvusDoor,
  request: PartitionsRequest & { readonly replica_number: number },
  call: Call,
): Promise<object> {
  const { partition_names: names } = request
  await exclusively(door, databaseOf(call, request.db_name), request.collection_name, async (collection) => {
    if (hasPartitionKey(collection)) throw refused('disable load partitions if partition key mode is used')
    if (names.length === 0) throw refused('failed to load partition, due to no partition specified')
    checkIndexes(collection, request.collection_name)
    checkPartitionsExist(collection, names)
    const before = loadStateOf(door, collection)
    const replicas = checkReplicas(before, request.replica_number)
    const isAll = before !== undefined && before.partitions === undefined
    const after: LoadState = isAll
      ? { replicas, released: (before.released ?? []).filter((name) => !names.includes(name)) }
      : { replicas, partitions: [...new Set([...(before?.partitions ?? []), ...names])] }
    await save(door, collection, before, after)
  })
  return {}
}

/** What is not loaded is released already. @throws 100, 800 */
export async function releaseCollection(
  door: MilvusDoor,
  request: Omit<PartitionsRequest, 'partition_names'>,
  call: Call,
): Promise<object> {
  await exclusively(door, databaseOf(call, request.db_name), request.collection_name, (collection) =>
    save(door, collection, loadStateOf(door, collection), undefined),
  )
  return {}
}

/** With its last partition the collection is released. @throws 100, 200, 800, 65535 */
export async function releasePartitions(
  door: MilvusDoor,
  request: PartitionsRequest,
  call: Call,
): Promise<object> {
  const { partition_names: names } = request
  await exclusively(door, databaseOf(call, request.db_name), request.collection_name, async (collection) => {
    if (hasPartitionKey(collection)) throw refused('disable release partitions if partition key mode is used')
    if (names.length === 0) throw refused('failed to release partition, due to no partition specified')
    checkPartitionsExist(collection, names)
    const before = loadStateOf(door, collection)
    if (before !== undefined) await save(door, collection, before, without(before, names, collection))
  })
  return {}
}

function without(state: LoadState, names: readonly string[], collection: Collection): LoadState | undefined {
  const { replicas, partitions, released = [] } = state
  const isLeft = (name: string): boolean => !names.includes(name) && !released.includes(name)
  const left = (partitions ?? partitionsOf(collection)).filter(isLeft)
  if (left.length === 0) return undefined
  if (partitions !== undefined) return { replicas, partitions: left }
  return { replicas, released: [...new Set([...released, ...names])] }
}

async function save(
  door: MilvusDoor,
  collection: Collection,
  before: LoadState | undefined,
  after: LoadState | undefined,
): Promise<void> {
  if (modelOf(collection).isForeign || JSON.stringify(before) === JSON.stringify(after)) return
  await saveLoadState(door, collection, after)
}

/** Every vector field needs an index. */
function checkIndexes(collection: Collection, name: string): void {
  const model = modelOf(collection)
  const { indexes } = model.document
  const fields = vectorFieldsOf(model)
  const indexed = fields.filter((field) => indexes.some((one) => one.field === field.name))
  if (indexed.length === fields.length) return
  if (indexes.length === 0) throw new MilvusError(codes.indexNotFound, `index not found[collection=${name}]`)
  if (indexed.length === 0)
    throw refused(`there is no vector index on collection: ${name}, please create index firstly`)
  const missing = fields.filter((field) => !indexed.includes(field)).map((field) => field.name)
  throw new MilvusError(
    codes.indexNotFound,
    `there is no vector index on field: [${missing.join(' ')}], please create index firstly: index not found[collection=${name}]`,
  )
}

/** One server has one replica. 0: whatever there is. */
function checkReplicas(before: LoadState | undefined, asked: number): number {
  const expected = before?.replicas
  if (asked <= 0) return expected ?? 1
  if (expected !== undefined && asked !== expected)
    throw invalidParameter(
      "can't change the replica number for loaded collection",
      `[expected=${expected}][actual=${asked}]`,
    )
  if (asked > 1)
    throw new MilvusError(
      codes.resourceInsufficient,
      `a server alone has one replica: when load ${asked} replica count: service resource insufficient`,
    )
  return asked
}

const refused = (text: string): MilvusError => new MilvusError(codes.unexpected, text)
