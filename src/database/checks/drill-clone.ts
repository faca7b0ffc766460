import type { CatalogState } from '../catalog-state.ts'

// A drill restores into a clone whose name holds its own id. Nobody else can make such a collection, for a name is
// chosen before the id. So a clone that a crash left behind is known for what it is, and nothing that a user made is
// ever taken for one. Drill clones are no part of the store's content: cuts through the whole store, history and
// merges pass them by.

export const drillCloneName = (id: string): string => `drill-${id}`

export function isDrillClone({ id, name }: { readonly id: string; readonly name: string }): boolean {
  return name === drillCloneName(id)
}

/** What is not a drill's clone. */
export function ownCollections(catalog: CatalogState) {
  return [...catalog.collections.values()].filter((state) => !isDrillClone(state))
}
