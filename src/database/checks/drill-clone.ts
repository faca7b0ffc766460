import type { CatalogState } from '../catalog-state.ts'
import { isDraft } from '../imports/drafts/draft-name.ts'

// A drill restores into a clone whose name holds its own id. Nobody else can make such a collection, for a name is
// chosen before the id. So a clone that a crash left behind is known for what it is, and nothing that a user made is
// ever taken for one. Drill clones are no part of the store's content: cuts through the whole store, history and
// merges pass them by.

export const drillCloneName = (id: string): string => `drill-${id}`

export function isDrillClone({ id, name }: { readonly id: string; readonly name: string }): boolean {
  return name === drillCloneName(id)
}

/** Whether a collection is part of the store's content: neither a drill's clone nor a draft. */
export function isContent(collection: { readonly id: string; readonly name: string }): boolean {
  return !isDrillClone(collection) && !isDraft(collection)
}

/** The store's content. */
export function ownCollections(catalog: CatalogState) {
  return [...catalog.collections.values()].filter(isContent)
}
