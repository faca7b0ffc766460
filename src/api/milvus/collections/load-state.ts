import type { Collection, JsonObject } from '../../../index.ts'
import type { MilvusDoor } from '../door.ts'
import { modelOf } from '../schema/collection-model.ts'

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
