import type { Handlers } from '../rpcs/handler.ts'
import { deleteRows } from './writing/delete-rows.ts'
import { queryRows } from './reading/query-rows.ts'
import { collectionStatistics, partitionStatistics } from './reading/statistics.ts'
import { insert } from './writing/write-rows.ts'
import { upsert } from './writing/upsert-rows.ts'

export const rowRpcs: Handlers = {
  Insert: insert,
  Upsert: upsert,
  Delete: deleteRows,
  Query: queryRows,
  GetCollectionStatistics: collectionStatistics,
  GetPartitionStatistics: partitionStatistics,
}
