import type { Handlers } from '../rpcs/handler.ts'
import { loadCollection, loadPartitions, releaseCollection, releasePartitions } from './load.ts'
import { getLoadingProgress, getLoadState } from './progress.ts'

export const loadingRpcs: Handlers = {
  LoadCollection: loadCollection,
  LoadPartitions: loadPartitions,
  ReleaseCollection: releaseCollection,
  ReleasePartitions: releasePartitions,
  GetLoadState: getLoadState,
  GetLoadingProgress: getLoadingProgress,
}
