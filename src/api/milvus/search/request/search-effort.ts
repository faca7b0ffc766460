import type { SearchEffort } from '../../../../index.ts'
import { hnswTypes } from '../../indexes/vector-index.ts'
import { MilvusError } from '../../status.ts'
import type { SearchParams } from './search-params.ts'
import type { SearchedField } from './searched-field.ts'

const exactTypes: ReadonlySet<string | undefined> = new Set(['FLAT', 'BIN_FLAT', 'GPU_BRUTE_FORCE'])
const efMost = 2_147_483_647
const unexpected = 65_535

/** What the type of a field's index promises: FLAT compares all rows, HNSW obeys `ef`. @throws 65535 */
export function searchEffortOf(
  { indexParams }: Pick<SearchedField, 'indexParams'>,
  { ef, limit, offset }: Pick<SearchParams, 'ef' | 'limit' | 'offset'>,
): SearchEffort {
  const type = indexParams['index_type']
  if (exactTypes.has(type)) return { exact: true }
  if (ef === undefined || type === undefined || !hnswTypes.has(type)) return {}
  if (!Number.isInteger(ef) || ef < 1 || ef > efMost)
    throw outOfRange(`param 'ef' (${ef}) should be in range [1, ${efMost}]`)
  if (ef < limit + offset) throw outOfRange(`ef(${ef}) should be larger than k(${limit + offset})`)
  return { ef }
}

const outOfRange = (why: string): MilvusError =>
  new MilvusError(unexpected, `failed to search: out of range in json: ${why}`)
