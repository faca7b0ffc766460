import type { SearchEffort } from '../../../../index.ts'
import { hnswTypes } from '../../indexes/vector-index.ts'
import type { SearchParams } from './search-params.ts'
import type { SearchedField } from './searched-field.ts'

const exactTypes: ReadonlySet<string | undefined> = new Set(['FLAT', 'BIN_FLAT', 'GPU_BRUTE_FORCE'])

/**
 * What the type of a field's index promises: FLAT compares all rows, HNSW obeys `ef`. Rows that no graph has yet are compared one by
 * one, and then Milvus does not look at `ef`: one that means nothing is passed over, one below what is asked for counts as that.
 */
export function searchEffortOf(
  { indexParams }: Pick<SearchedField, 'indexParams'>,
  { ef, limit, offset }: Pick<SearchParams, 'ef' | 'limit' | 'offset'>,
): SearchEffort {
  const type = indexParams['index_type']
  if (exactTypes.has(type)) return { exact: true }
  if (ef === undefined || type === undefined || !hnswTypes.has(type)) return {}
  if (!Number.isInteger(ef) || ef < 1) return {}
  return { ef: Math.max(ef, limit + offset) }
}
