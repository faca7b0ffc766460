import type { Collection } from '../../../index.ts'
import { getCollection, type MilvusDoor } from '../door.ts'
import { invalidParameter } from '../status.ts'
import { documentOf, withDocument, type MilvusDocument } from './document.ts'

/**
 * Reads and writes a collection's document with nobody else in between who goes through here.
 * @throws 100, 800, what `work` throws
 */
export async function exclusively<T>(
  door: MilvusDoor,
  database: string,
  name: string,
  work: (collection: Collection) => Promise<T>,
): Promise<T> {
  const { name: engineName } = getCollection(door, database, name)
  return door.sequences.run(engineName, () => work(getCollection(door, database, name)))
}

/** The document of a collection that was made through this door. @throws 1100 for others: their schema is made up */
export function ownDocument(collection: Collection): MilvusDocument {
  const document = documentOf(collection)
  if (document !== undefined) return document
  throw invalidParameter(
    `collection ${collection.name} was made through another API, which alone changes its schema and its indexes`,
  )
}

export async function saveDocument(collection: Collection, document: MilvusDocument): Promise<void> {
  await collection.updateSettings(withDocument(collection.config().settings, document))
}
