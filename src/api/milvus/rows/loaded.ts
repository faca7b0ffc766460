import type { Collection } from '../../../index.ts'
import { isLoaded } from '../collections/load-state.ts'
import type { MilvusDoor } from '../door.ts'
import { numericId } from '../numeric-id.ts'
import { codes, MilvusError } from '../status.ts'

/** Rows are read only while the collection is loaded; `prefix` goes before the words of the refusal. @throws 101 */
export function checkLoaded(door: MilvusDoor, collection: Collection, prefix = ''): void {
  if (isLoaded(door, collection)) return
  const text = `${prefix}collection not loaded[collection=${numericId(collection.id)}]`
  throw new MilvusError(codes.collectionNotLoaded, text)
}
