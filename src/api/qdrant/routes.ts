import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readBody } from '../http/read-body.ts'
import { noteStart, removeUnwantedType, sendError, sendPlainError } from './answers.ts'
import type { Door } from './door.ts'
import { toWireError } from './errors.ts'
import { aliasRoutes } from './routes/aliases.ts'
import { clusterRoutes } from './routes/cluster.ts'
import { collectionRoutes } from './routes/collections.ts'
import { indexRoutes } from './routes/indexes.ts'
import { pointRoutes } from './routes/points.ts'
import { facetRoutes } from './routes/facet.ts'
import { fullRecoveryRoutes } from './routes/full-recovery.ts'
import { logAndProfileRoutes } from './routes/log-and-profile.ts'
import { matrixRoutes } from './routes/matrix.ts'
import { queryRoutes } from './routes/queries.ts'
import { reportRoutes } from './routes/reports.ts'
import { serverPageRoutes } from './routes/server-pages.ts'
import { snapshotRoutes } from './routes/snapshots.ts'
import { partialSnapshotRoutes } from './routes/shards/partial-snapshots.ts'
import { shardReadRoutes } from './routes/shards/shard-reads.ts'
import { shardSnapshotRoutes } from './routes/shards/shard-snapshots.ts'
import { uploadRoutes } from './routes/uploads.ts'
import { vectorRoutes } from './routes/vectors.ts'
import { writeRoutes } from './routes/writes.ts'
import { countRequests } from './reports/count-requests.ts'
import { PlainError, WireError } from './wire-error.ts'

export { openDoor, type Door, type QdrantDoorOptions } from './door.ts'
export { qdrantMetrics } from './reports/metrics.ts'

const groups = [
  serverPageRoutes,
  logAndProfileRoutes,
  reportRoutes,
  collectionRoutes,
  aliasRoutes,
  clusterRoutes,
  indexRoutes,
  vectorRoutes,
  pointRoutes,
  writeRoutes,
  queryRoutes,
  matrixRoutes,
  facetRoutes,
  snapshotRoutes,
  fullRecoveryRoutes,
  shardSnapshotRoutes,
  partialSnapshotRoutes,
  shardReadRoutes,
]

/** Qdrant's REST API over a database. */
export async function qdrantRoutes(app: FastifyInstance, door: Door): Promise<void> {
  app.addHook('onRequest', async (request) => noteStart(request, door.clock))
  countRequests(app, door, door.service)
  app.addHook('onSend', async (_request, reply, payload) => {
    removeUnwantedType(reply)
    return payload
  })
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply, door))
  app.setNotFoundHandler((_request, reply) => reply.code(404).send())
  await app.register((scope, _options, done) => {
    // Qdrant takes any content type for JSON; bodies stay bytes until a route knows what it wants of them.
    scope.removeAllContentTypeParsers()
    // Even a type that is none: fastify would refuse it before any parser is asked.
    scope.addHook('onRequest', async ({ headers }) => {
      if (headers['content-type'] !== undefined) headers['content-type'] = 'application/octet-stream'
    })
    scope.addContentTypeParser('*', (request, stream, parsed) =>
      readBody(request, stream, door.maxRequestBytes, parsed),
    )
    jsonRoutes(scope, door)
    done()
  })
  await app.register((scope) => uploadRoutes(scope, door))
}

/** The routes whose bodies and answers are JSON; they do not need HTTP (direct-call.ts). */
export function jsonRoutes(app: FastifyInstance, door: Door): void {
  for (const routes of groups) routes(app, door)
}

function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  door: Door,
): FastifyReply {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return answerTooLarge(request, reply, door)
  const known = toWireError(error)
  if (known instanceof PlainError) return sendPlainError(reply, known)
  if (known !== undefined) return sendError(request, reply, known)
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return sendError(request, reply, new WireError(error.statusCode, `Bad request: ${error.message}`))
  }
  return sendError(request, reply, new WireError(500, 'Service internal error: see the log of the server'))
}

function answerTooLarge(request: FastifyRequest, reply: FastifyReply, door: Door): FastifyReply {
  const size = request.headers['content-length'] ?? 'more'
  // The server has read the body to its end (whole-bodies.ts): the connection can go on.
  if (request.raw.readableEnded) reply.removeHeader('connection')
  const text = `JSON payload (${size} bytes) is larger than allowed (limit: ${door.maxRequestBytes} bytes).`
  if (leavesFaultsToTheFramework(request)) return sendPlainError(reply, new PlainError(413, text))
  return sendError(request, reply, new WireError(400, text))
}

function leavesFaultsToTheFramework({ routeOptions }: FastifyRequest): boolean {
  return /\/partial\/(?:create|recover_from)$/.test(routeOptions.url ?? '')
}
