import type { Handlers } from '../rpcs/handler.ts'
import { hybridSearch } from './hybrid-search.ts'
import { search } from './search.ts'

export const searchRpcs: Handlers = {
  Search: search,
  HybridSearch: hybridSearch,
}
