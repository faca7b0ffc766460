import type { Handlers } from '../rpcs/handler.ts'
import { getCompactionState, getCompactionStateWithPlans, manualCompaction } from './compaction.ts'
import { flush, flushAll, getFlushAllState, getFlushState } from './flush.ts'
import { loadBalance } from './load-balance.ts'
import { getPersistentSegmentInfo, getQuerySegmentInfo, getReplicas } from './segments.ts'

export const maintenanceRpcs: Handlers = {
  Flush: flush,
  FlushAll: flushAll,
  GetFlushState: getFlushState,
  GetFlushAllState: getFlushAllState,
  ManualCompaction: manualCompaction,
  GetCompactionState: getCompactionState,
  GetCompactionStateWithPlans: getCompactionStateWithPlans,
  GetPersistentSegmentInfo: getPersistentSegmentInfo,
  GetQuerySegmentInfo: getQuerySegmentInfo,
  GetReplicas: getReplicas,
  LoadBalance: loadBalance,
}
