import type { JsonObject } from '../../encoding/json.ts'
import type { Filter } from '../../query/filter.ts'

/** Makes a filter of one in the form of Qdrant's REST API, as its logs have them. What it throws refuses the archive. */
export type QdrantFilter = (filter: JsonObject) => Filter

/** For a database that no door has opened: what it does not know cannot be left out, as points would come back. */
export const plainFilter: QdrantFilter = () => {
  throw new Error('only a front door for such clients knows filters')
}
