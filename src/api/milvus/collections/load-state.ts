import type { Collection, JsonObject } from '../../../index.ts'
import type { MilvusDoor } from '../door.ts'
import { numericId } from '../numeric-id.ts'
import { modelOf } from '../schema/collection-model.ts'
import { codes, MilvusError } from '../status.ts'

/** A collection can be searched once it is loaded; that is remembered across starts, by the collection's own id. */
export const loadDocument = (collection: Pick<Collection, 'id'>): string => `milvus/load/${collection.id}`

/** What of a collection is loaded. */
export interface LoadState {
  readonly replicas: number
  /** These partitions only. Without it: all, those made later as well, but `released`. */
  readonly partitions?: readonly string[]
  readonly released?: readonly string[]
}

const whole: LoadState = { replicas: 1 }

/** Undefined: nothing. A collection that was made elsewhere is always loaded. */
export function loadStateOf(door: MilvusDoor, collection: Collection): LoadState | undefined {
  if (modelOf(collection).isForeign) return whole
  return door.database.documents.get(loadDocument(collection)) as unknown as LoadState | undefined
}

export function isLoaded(door: MilvusDoor, collection: Collection): boolean {
  return loadStateOf(door, collection) !== undefined
}

/** Rows are read only while the collection is loaded; `prefix` goes before the words of the refusal. @throws 101 */
export function checkLoaded(door: MilvusDoor, collection: Collection, prefix = ''): void {
  if (!isLoaded(door, collection)) throw notLoaded(collection, prefix)
}

export const notLoaded = ({ id }: Pick<Collection, 'id'>, prefix = ''): MilvusError =>
  new MilvusError(codes.collectionNotLoaded, `${prefix}collection not loaded[collection=${numericId(id)}]`)

export function isPartitionLoaded(door: MilvusDoor, collection: Collection, partition: string): boolean {
  const state = loadStateOf(door, collection)
  if (state === undefined) return false
  return state.partitions?.includes(partition) ?? state.released?.includes(partition) !== true
}

export async function saveLoadState(
  { database }: MilvusDoor,
  collection: Collection,
  state: LoadState | undefined,
): Promise<void> {
  if (state === undefined) await database.documents.delete(loadDocument(collection))
  else await database.documents.put(loadDocument(collection), state as unknown as JsonObject)
}
