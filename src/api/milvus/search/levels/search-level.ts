import { compileValueTest, type VectorInput } from '../../../../index.ts'
import type { ElementTest } from '../../filter/compile-filter.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { structNameOf } from '../../schema/struct-names.ts'
import { invalidParameter } from '../../status.ts'
import type { ElementSearch } from '../finding/element-hits.ts'
import type { SearchedField } from '../request/searched-field.ts'
import type { SearchParams } from '../request/search-params.ts'

/**
 * What is found: a row by a vector of its own, a row by comparing a list of vectors with that of its structs, or a struct by
 * a vector of its own.
 */
export type SearchLevel = 'row' | 'list' | 'element'

/** A single vector is a list where the index compares lists. @throws 1100 for a list where it does not */
export function searchLevelOf(
  { field, metric }: SearchedField,
  vectors: readonly VectorInput[],
): SearchLevel {
  if (field.type !== dataTypes.ArrayOfVector) return 'row'
  if (metric.name !== metric.single) return 'list'
  if (vectors[0] instanceof Float32Array) return 'element'
  throw invalidParameter(
    `metric type ${metric.name} of field ${field.name} compares single vectors; lists are compared by MAX_SIM ones`,
  )
}

/** @throws 1100 if the filter means structs and the search finds rows, or structs of another array */
export function elementSearchOf(
  { field }: SearchedField,
  level: SearchLevel,
  elements: ElementTest | undefined,
): ElementSearch | undefined {
  const struct = structNameOf(field)
  if (elements !== undefined && (level !== 'element' || elements.struct !== struct))
    throw invalidParameter(
      'element_filter is only supported for element-level search on vector sub-fields of the same struct array; ' +
        'use MATCH_ANY/MATCH_* for row-level vector search',
    )
  if (level !== 'element') return undefined
  return { struct, ...(elements === undefined ? {} : { passes: compileValueTest(elements.test) }) }
}

/** What a search alone cannot do with structs. @throws 1100 */
export function checkLevel(
  model: CollectionModel,
  level: SearchLevel,
  { radius, iterator, groupBy, elementScope }: SearchParams,
): void {
  if (elementScope !== undefined) throw invalidParameter('element_scope is only supported in hybrid search')
  if (level === 'list') {
    const refuse = (what: string): never => {
      throw invalidParameter(`${what} is not supported for multi-search-multi on embedding list fields`)
    }
    if (radius !== undefined) refuse('range search')
    if (iterator !== undefined) refuse('search iterator')
    if (groupBy !== undefined) refuse('group by')
  }
  if (level === 'element' && groupBy !== undefined && groupBy.field !== model.primaryKey.name)
    throw invalidParameter('only group by primary key is supported for element-level search')
}
