import type { Server as TlsServer } from 'node:tls'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { Server as GrpcServer } from '@grpc/grpc-js'
import type { MilvusDoor } from '../api/milvus/door.ts'
import { milvusRestRoutes } from '../api/milvus/rest/rest-routes.ts'
import { MoveIn } from '../api/qdrant/move-in/move-in.ts'
import { openDoor, qdrantMetrics, qdrantRoutes, type Door } from '../api/qdrant/routes.ts'
import { archiveSettings } from '../api/qdrant/present/archive-settings.ts'
import { v1Routes } from '../api/v1/v1-routes.ts'
import type { Database } from '../index.ts'
import { systemClock } from '../runtime/clock.ts'
import { loopUse } from '../runtime/loop-use.ts'
import { systemRandom } from '../runtime/random.ts'
import { InvariantViolation } from '../runtime/assert.ts'
import type { LevelledLogger, Logger } from '../runtime/logger.ts'
import { createGuard } from './auth/guard.ts'
import { guardRoutes } from './auth/guard-routes.ts'
import { compressAnswers } from './compression.ts'
import type { Configuration } from './configuration/configuration.ts'
import { allowOtherOrigins } from './cross-origin.ts'
import { refuseBrokenRequest } from './broken-requests.ts'
import { AllowedHosts } from './download/allowed-hosts.ts'
import { createDownload, type Download } from './download/download.ts'
import { reportFaults } from './faults.ts'
import type { GrpcDoor } from './grpc-door.ts'
import { listenGrpc, type GrpcListener } from './grpc-listener.ts'
import { loadLater } from './later-modules.ts'
import { waitForCollections } from './loading.ts'
import { lenientUrl } from './lenient-path.ts'
import { Metrics } from './metrics.ts'
import { openMilvus } from './milvus.ts'
import { registerPages } from './pages.ts'
import type { StartupRestores } from './snapshot-flags.ts'
import { exitCodes, StartupError } from './startup-error.ts'
import type { Opened } from './open-database.ts'
import { restoreAtStartup } from './startup-restore.ts'
import type { ServerTls } from './tls/server-tls.ts'
import { qdrantVersion, version } from './version.ts'
import { drainRefusedBodies } from './whole-bodies.ts'

/** How long requests that are under way may take once the server has been told to stop. */
const drainMs = 5_000

export interface ServerOptions {
  readonly opened: Opened
  readonly configuration: Configuration
  readonly restores: StartupRestores
  readonly logger: LevelledLogger
  /** Called with a fault of our own that a request ran into: the process must not go on. */
  readonly onFatal: (error: unknown) => void
}

export interface RunningServer {
  /** Where it listens, with the port that the system chose if none was given. */
  readonly url: string
  /** Of the gRPC API: host and port; undefined if it stays closed. */
  readonly grpcAddress: string | undefined
  /** Of Milvus' API, likewise. */
  readonly milvusAddress: string | undefined
  /** Stops listening, lets requests finish within a bound, closes the database. */
  close(): Promise<void>
}

/** Serves what has been opened, which it closes if it cannot. @throws StartupError */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { configuration, logger } = options
  const { database, tls } = options.opened
  try {
    await restoreAtStartup(database, options.restores, logger)
    const { app, metrics, ...doors } = await createApp(options)
    const url = await listen(app, configuration)
    const { qdrant, milvus } = await listenAll(doors, options)
    const addresses = { grpc: qdrant?.address, milvus: milvus?.address }
    logger.info('listening', { url, ...addresses })
    database.policies.start()
    const loads = [metrics, qdrant, milvus].map((one) => () => one?.load() ?? Promise.resolve())
    const all = [...loads, () => import('../api/v1/answer.ts')]
    const later = loadLater(all, database.whenLoaded(), systemClock, options.onFatal, loopUse())
    return {
      url,
      grpcAddress: addresses.grpc,
      milvusAddress: addresses.milvus,
      close: () => {
        later.cancel()
        return stop({ app, grpc: [qdrant, milvus], tls }, database, logger)
      },
    }
  } catch (error) {
    tls?.close()
    await database.close()
    throw error
  }
}

/** The HTTP side of an open database, not listening yet. */
async function createApp(options: ServerOptions): Promise<{
  readonly app: FastifyInstance
  readonly metrics: Metrics
  readonly door: Door
  readonly milvusDoor: MilvusDoor
}> {
  const { database, tls } = options.opened
  const { service, storage, settings } = options.configuration
  const app = fastify({
    https: tls?.listenerOptions() ?? null,
    logger: false,
    // No route has a schema of fastify's: its compilers, which it would load by itself, are a hundred modules.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    bodyLimit: service.maxRequestBytes,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    rewriteUrl: ({ url = '/' }) => lenientUrl(url),
    clientErrorHandler: refuseBrokenRequest,
    // A path that cannot be decoded is the path of nothing.
    frameworkErrors: (_error, _request, reply: FastifyReply) => void reply.code(404).send(),
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 4096 },
  })
  tls?.onChange(() => (app.server as unknown as TlsServer).setSecureContext(tls.contextOptions()))
  const metrics = new Metrics(database)
  metrics.count(app)
  if (service.enableCors) allowOtherOrigins(app)
  compressAnswers(app)
  drainRefusedBodies(app)
  const guard = createGuard({ ...service, database, clock: systemClock })
  guardRoutes(app, guard)
  waitForCollections(app, database)
  reportFaults(app, options.logger, options.onFatal)
  const archives = database.archiveFolder(storage.snapshotsPath)
  await archives.sweep()
  const download = downloadOf(service, tls)
  const door = openDoor({
    database,
    archives,
    archivesMode: storage.archives,
    clock: systemClock,
    version: qdrantVersion,
    allowUrlRecovery: service.enableSnapshotUrlRecovery,
    download,
    snapshotsPath: storage.snapshotsPath,
    storagePath: storage.storagePath,
    maxRequestBytes: service.maxRequestBytes,
    readiness: () => database.isLoaded,
    logger: options.logger,
    logLevel: options.logger,
    settings,
    ...(guard === undefined ? {} : { guard }),
  })
  registerPages(
    app,
    metrics,
    () => database.loading(),
    (wishes) => qdrantMetrics(door, wishes),
  )
  await qdrantRoutes(app, door)
  await v1Routes(app, {
    database,
    clock: systemClock,
    version,
    maxRequestBytes: service.maxRequestBytes,
    qdrantSettings: archiveSettings,
    moves: openMoves(options, download),
  })
  const milvusDoor = await openMilvus(door, options.configuration, options.logger)
  await milvusRestRoutes(app, milvusDoor, options.onFatal)
  return { app, metrics, door, milvusDoor }
}

function noSchemas(): never {
  throw new InvariantViolation('a route has a schema that nothing compiles')
}

/** Copies from other servers, which obey the rules of downloads. */
function openMoves({ opened, configuration, logger }: ServerOptions, download: Download): MoveIn {
  const { service, settings } = configuration
  const isAllowed = service.enableSnapshotUrlRecovery
  return new MoveIn({
    database: opened.database,
    logger,
    ask: download,
    clock: systemClock,
    random: systemRandom,
    isAllowed,
    settings,
  })
}

function downloadOf(
  { snapshotUrlPrivate, snapshotUrlAllow, snapshotUrlBytesMax }: Configuration['service'],
  tls: ServerTls | undefined,
): Download {
  return createDownload({
    allowPrivate: snapshotUrlPrivate,
    allowed: snapshotUrlAllow === undefined ? undefined : new AllowedHosts(snapshotUrlAllow),
    bytesMax: snapshotUrlBytesMax,
    tls: tls === undefined ? undefined : () => tls.clientOptions(),
  })
}

async function listen(app: FastifyInstance, { service }: Configuration): Promise<string> {
  try {
    return await app.listen({ host: service.host, port: service.httpPort })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const where = `${service.host}:${service.httpPort}`
    throw new StartupError(exitCodes.failure, `Cannot listen on ${where}: ${reason}`, error)
  }
}

/** Both gRPC APIs. @throws StartupError; then none listens */
async function listenAll(
  { door, milvusDoor }: { readonly door: Door; readonly milvusDoor: MilvusDoor },
  { configuration, logger, onFatal, opened: { tls } }: ServerOptions,
): Promise<{ readonly qdrant: GrpcListener | undefined; readonly milvus: GrpcListener | undefined }> {
  const { service } = configuration
  const shared = { host: service.host, logger, onFatal }
  const qdrantDoor = grpcDoor(tls, async () => {
    const { createGrpcServer } = await import('../api/qdrant/grpc/grpc-server.ts')
    return createGrpcServer({ door, logger, onFatal })
  })
  const vectordbDoor = grpcDoor(tls, async () => {
    const { createMilvusServer } = await import('../api/milvus/milvus-server.ts')
    return createMilvusServer(milvusDoor, onFatal)
  })
  const qdrant = await listenGrpc(qdrantDoor, {
    ...shared,
    api: 'Qdrant',
    port: service.grpcPort,
    isPortChosen: service.isGrpcPortChosen,
  })
  try {
    const milvus = await listenGrpc(vectordbDoor, {
      ...shared,
      api: 'Milvus',
      port: service.milvusPort,
      isPortChosen: service.isMilvusPortChosen,
    })
    return { qdrant, milvus }
  } catch (error) {
    qdrant?.cut()
    throw error
  }
}

function grpcDoor(tls: ServerTls | undefined, createServer: () => Promise<GrpcServer>) {
  return async (): Promise<GrpcDoor> => {
    const [{ openGrpcDoor }, server] = await Promise.all([import('./grpc-door.ts'), createServer()])
    return openGrpcDoor(server, tls)
  }
}

interface Doors {
  readonly app: FastifyInstance
  readonly grpc: readonly (GrpcListener | undefined)[]
  readonly tls: ServerTls | undefined
}

async function stop({ app, grpc, tls }: Doors, database: Database, logger: Logger): Promise<void> {
  const deadline = systemClock.after(drainMs, () => {
    logger.info('cutting the connections that are still open', { afterMs: drainMs })
    app.server.closeAllConnections()
    for (const one of grpc) one?.cut()
  })
  await Promise.all([app.close(), ...grpc.map((one) => one?.close())])
  deadline.cancel()
  tls?.close()
  await database.close()
  logger.info('stopped')
}
