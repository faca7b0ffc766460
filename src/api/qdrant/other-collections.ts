import type { CollectionReader } from '../../index.ts'
import type { Door } from './door.ts'
import { notFound } from './failures.ts'
import { readingOf, type Rights } from './rights/rights.ts'

export interface OtherCollections extends AsyncDisposable {
  /** By the names that the request used. */
  readonly readers: ReadonlyMap<string, CollectionReader>
}

/**
 * Opens the collections that a request names besides the one that it searches, which is left out.
 * @throws WireError 403, 404 as Qdrant words it here, snapshot-not-found, moment-not-kept
 */
export async function openOthers(
  { database }: Door,
  searched: { readonly name: string; readonly reader: CollectionReader; readonly rights: Rights },
  names: readonly string[],
): Promise<OtherCollections> {
  for (const name of names) searched.rights.require(readingOf(name))
  const readers = new Map<string, CollectionReader>()
  const opened: AsyncDisposable[] = []
  const close = async (): Promise<void> => {
    for (const one of opened) await one[Symbol.asyncDispose]()
  }
  // As in the original, an alias of a collection counts as another one: its points stay among the results.
  const own = database.findCollection(searched.name)?.name ?? searched.name
  try {
    for (const name of new Set(names)) {
      if (name === own) continue
      const live = database.findCollection(name)
      if (live !== undefined) {
        readers.set(name, live)
      } else if (name.includes('@')) {
        const past = await database.openReader(name)
        opened.push(past)
        readers.set(name, past)
      } else throw notFound(`Collection ${name} not found`)
    }
  } catch (error) {
    await close()
    throw error
  }
  return { readers, [Symbol.asyncDispose]: close }
}
