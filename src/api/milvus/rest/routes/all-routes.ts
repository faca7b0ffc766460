import type { RestRoutes } from '../route.ts'
import { privilegeGroupRoutes, roleRoutes, userRoutes } from './access.ts'
import { aliasRoutes, databaseRoutes } from './aliases-and-databases.ts'
import { collectionRoutes } from './collections.ts'
import { entityRoutes } from './entities.ts'
import { indexRoutes } from './indexes.ts'
import { partitionRoutes } from './partitions.ts'
import { searchRoutes } from './searches.ts'
import { snapshotJobRoutes, snapshotRoutes } from './snapshots.ts'

/** Every route below the prefix. All of them are posted to. */
export const routes: RestRoutes = {
  ...collectionRoutes,
  ...entityRoutes,
  ...searchRoutes,
  ...partitionRoutes,
  ...indexRoutes,
  ...aliasRoutes,
  ...databaseRoutes,
  ...userRoutes,
  ...roleRoutes,
  ...privilegeGroupRoutes,
  ...snapshotRoutes,
  ...snapshotJobRoutes,
}
