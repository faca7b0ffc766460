import type { Collection } from '../../../index.ts'
import type { MilvusDoor } from '../door.ts'
import { modelOf } from '../schema/collection-model.ts'

/** A collection can be searched once it is loaded; that is remembered across starts, by the collection's own id. */
export const loadDocument = (collection: Pick<Collection, 'id'>): string => `milvus/load/${collection.id}`

/** One that was made elsewhere is always loaded. */
export function isLoaded(door: MilvusDoor, collection: Collection): boolean {
  return modelOf(collection).isForeign || door.database.documents.get(loadDocument(collection)) !== undefined
}
