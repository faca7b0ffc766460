import type { Method, Route } from './route.ts'

/** What has to be known of a route before the first request for it; the rest, with its schemas, is loaded then. */
export type ListedRoute = Pick<Route, 'id' | 'method' | 'path' | 'isReading' | 'takesBytes'>

const reading = {
  listSnapshots: 'GET /snapshots',
  getSnapshot: 'GET /snapshots/{snapshot}',
  listCollections: 'GET /collections',
  getCollection: 'GET /collections/{reference}',
  queryPoints: 'POST /collections/{reference}/query',
  scrollPoints: 'POST /collections/{reference}/scroll',
  countPoints: 'POST /collections/{reference}/count',
  getPoints: 'POST /collections/{reference}/get',
  getRetention: 'GET /retention',
  getSpace: 'GET /space',
  getSnapshotSpace: 'GET /snapshots/{snapshot}/space',
  getSpaceFreedBy: 'GET /space/freed-by',
  diff: 'GET /diff',
  downloadArchive: 'GET /snapshots/{snapshot}/archive',
  exportCollection: 'GET /collections/{reference}/archive',
  listImports: 'GET /imports',
  getImport: 'GET /imports/{import}',
  listUnfinishedCopies: 'GET /imports/qdrant',
  listPolicies: 'GET /policies',
  getPolicy: 'GET /policies/{policy}',
  planPolicy: 'GET /policies/{policy}/plan',
  listJobs: 'GET /jobs',
  getJob: 'GET /jobs/{job}',
}

const changing = {
  createSnapshot: 'POST /snapshots',
  updateSnapshot: 'PATCH /snapshots/{snapshot}',
  deleteSnapshot: 'DELETE /snapshots/{snapshot}',
  holdSnapshot: 'POST /snapshots/{snapshot}/holds',
  releaseHold: 'DELETE /snapshots/{snapshot}/holds/{hold}',
  restoreSnapshot: 'POST /snapshots/{snapshot}/restore',
  cloneCollection: 'POST /collections/{reference}/clone',
  rollbackCollection: 'POST /collections/{name}/rollback',
  restorePartially: 'POST /collections/{reference}/restore-partial',
  setRetention: 'PUT /retention',
  verifySnapshot: 'POST /snapshots/{snapshot}/verify',
  drillSnapshot: 'POST /snapshots/{snapshot}/drill',
  startImport: 'POST /imports',
  finishImport: 'POST /imports/{import}/finish',
  cancelImport: 'DELETE /imports/{import}',
  importFromQdrant: 'POST /imports/qdrant',
  discardUnfinishedCopy: 'DELETE /imports/qdrant/{into}',
  putPolicy: 'PUT /policies/{policy}',
  deletePolicy: 'DELETE /policies/{policy}',
  runPolicy: 'POST /policies/{policy}/run',
  cancelJob: 'POST /jobs/{job}/cancel',
}

const takingBytes = {
  importArchive: 'POST /archives',
  writeImport: 'PATCH /imports/{import}',
}

/** Those that are defined in `routes/`, as a test finds. */
export const listedRoutes: readonly ListedRoute[] = [
  ...listed(reading, { isReading: true, takesBytes: false }),
  ...listed(changing, { isReading: false, takesBytes: false }),
  ...listed(takingBytes, { isReading: false, takesBytes: true }),
]

function listed(
  routes: Readonly<Record<string, string>>,
  kind: Pick<Route, 'isReading' | 'takesBytes'>,
): readonly ListedRoute[] {
  return Object.entries(routes).map(([id, route]) => {
    const [method, path] = route.split(' ') as [Method, string]
    return { id, method, path, ...kind }
  })
}
