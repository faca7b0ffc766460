import type { CollectionModel } from '../../schema/collection-model.ts'
import { structNameOf } from '../../schema/struct-names.ts'
import { invalidParameter } from '../../status.ts'
import type { SearchedField } from '../request/searched-field.ts'
import type { SearchParams } from '../request/search-params.ts'
import type { SearchLevel } from './search-level.ts'

interface Part {
  readonly params: SearchParams
  readonly searched: SearchedField
  readonly level: SearchLevel
}

/** Where every part finds structs of the same array, so does the whole; otherwise each finds rows. */
export function findsElements(parts: readonly Part[]): boolean {
  const structs = new Set(parts.map(({ searched }) => structNameOf(searched.field)))
  return structs.size === 1 && parts.every(({ level }) => level === 'element')
}

/** What the parts of a hybrid search cannot do with structs. @throws 1100 */
export function checkHybridLevels(
  model: CollectionModel,
  parts: readonly Part[],
  isOfElements: boolean,
  groupBy: string | undefined,
): void {
  for (const part of parts) {
    checkScope(part, isOfElements)
    const { params, searched, level } = part
    const { name } = searched.field
    if (level === 'list' && params.radius !== undefined)
      throw invalidParameter(
        `range search is not supported for vector array (embedding-list) fields in hybrid search, fieldName:${name}`,
      )
    if (groupBy === undefined) continue
    if (level === 'list')
      throw invalidParameter(
        `group by search is not supported for vector array (embedding-list) fields in hybrid search, fieldName:${name}`,
      )
    if (level === 'element' && !isOfElements)
      throw invalidParameter(
        'group by search is only supported for same-struct element-level vector array fields in hybrid search, ' +
          `fieldName:${name}`,
      )
  }
  if (isOfElements && groupBy !== undefined && groupBy !== model.primaryKey.name)
    throw invalidParameter(
      'only group by primary key is supported for same-struct element-level vector array fields in hybrid search',
    )
}

function checkScope({ params, searched, level }: Part, isOfElements: boolean): void {
  const { elementScope: scope } = params
  if (scope === undefined) return
  if (isOfElements)
    throw invalidParameter('element_scope is not allowed for same-struct element-level hybrid search')
  if (level !== 'element')
    throw invalidParameter(
      `element_scope is only supported for element-level search, fieldName:${searched.field.name}`,
    )
  if (scope.strategy.endsWith('sum') && searched.metric.isDistance)
    throw invalidParameter(
      `element_scope.collapse.strategy ${scope.strategy} is only supported for positively related metrics`,
    )
}
