import type { View } from '../../collection/view.ts'
import { assert } from '../../runtime/assert.ts'
import type { CatalogState } from '../catalog-state.ts'
import type { RecordOf } from '../records.ts'

// What restores and imports have in common.

/** What a record needs in memory before it can be applied: the views that it restores, by collection id. */
export type Prepared = ReadonlyMap<string, View>

export function getPrepared(prepared: Prepared, id: string): View {
  const view = prepared.get(id)
  assert(view !== undefined, `the view of collection ${id} was opened before its record was applied`)
  return view
}

/** Sets the aliases that come with the collections, and the receipt of whoever asked for them. */
export function putAliasesAndReceipt(
  catalog: CatalogState,
  { aliases, receipt }: RecordOf<'restore' | 'import'>,
): void {
  for (const [alias, collection] of Object.entries(aliases)) catalog.aliases.set(alias, collection)
  if (receipt !== undefined) catalog.setDocument('user', receipt.name, receipt.value)
}
