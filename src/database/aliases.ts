import { DatabaseError } from '../errors/database-error.ts'
import type { CatalogState } from './catalog-state.ts'
import type { AliasAction } from './records.ts'

/** The aliases after all actions, in order. @throws collection-not-found, alias-not-found, collection-exists; then nothing happens */
export function planAliases(catalog: CatalogState, actions: readonly AliasAction[]): Map<string, string> {
  const aliases = new Map(catalog.aliases)
  for (const action of actions) {
    switch (action.kind) {
      case 'create':
        if (catalog.collectionNamed(action.collection) === undefined)
          throw unknownCollection(action.collection)
        checkNoCollection(catalog, action.alias)
        aliases.set(action.alias, action.collection)
        break
      case 'delete':
        aliases.delete(action.alias)
        break
      case 'rename': {
        const target = aliases.get(action.from)
        if (target === undefined) {
          throw new DatabaseError(
            'alias-not-found',
            `Cannot rename alias "${action.from}": it does not exist`,
            { alias: action.from },
          )
        }
        checkNoCollection(catalog, action.to)
        aliases.delete(action.from)
        aliases.set(action.to, target)
        break
      }
    }
  }
  return aliases
}

function unknownCollection(name: string): DatabaseError {
  return new DatabaseError(
    'collection-not-found',
    `Cannot point an alias at collection "${name}": it does not exist`,
    { name },
  )
}

function checkNoCollection(catalog: CatalogState, alias: string): void {
  if (catalog.collectionNamed(alias) === undefined) return
  throw new DatabaseError('collection-exists', `Cannot use alias "${alias}": a collection has this name`, {
    name: alias,
  })
}
