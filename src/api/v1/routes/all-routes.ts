import type { Route } from '../route.ts'
import { archiveRoutes } from './archives.ts'
import { checkRoutes } from './checks.ts'
import { collectionRoutes } from './collections.ts'
import { diffRoutes } from './diff.ts'
import { importRoutes } from './imports.ts'
import { jobRoutes } from './jobs.ts'
import { moveRoutes } from './moves.ts'
import { policyRoutes } from './policies.ts'
import { restoreRoutes } from './restores.ts'
import { retentionRoutes } from './retention.ts'
import { snapshotRoutes } from './snapshots.ts'
import { spaceRoutes } from './space.ts'

/** Every route below `/v1`, in the order of the document. */
export const routes: readonly Route[] = [
  ...snapshotRoutes,
  ...restoreRoutes,
  ...collectionRoutes,
  ...retentionRoutes,
  ...spaceRoutes,
  ...diffRoutes,
  ...checkRoutes,
  ...archiveRoutes,
  ...importRoutes,
  ...moveRoutes,
  ...policyRoutes,
  ...jobRoutes,
]
