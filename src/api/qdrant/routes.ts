import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DatabaseError } from '../../index.ts'
import type { QdrantDoorOptions } from './door.ts'
import { toWireError } from './errors.ts'
import { noteStart, sendError } from './request.ts'
import { aliasRoutes } from './routes/aliases.ts'
import { collectionRoutes } from './routes/collections.ts'
import { indexRoutes } from './routes/indexes.ts'
import { pointRoutes } from './routes/points.ts'
import { searchRoutes } from './routes/search.ts'
import { snapshotRoutes } from './routes/snapshots.ts'
import { uploadRoutes } from './routes/uploads.ts'
import type { ShelfMemory } from './snapshot-shelf.ts'
import { WireError } from './wire-error.ts'

export type { QdrantDoorOptions } from './door.ts'

/** Qdrant's REST API over a database. */
export async function qdrantRoutes(app: FastifyInstance, door: QdrantDoorOptions): Promise<void> {
  const memory: ShelfMemory = { facts: new Map(), pending: new Set(), lastTimes: new Map() }
  app.addHook('onRequest', async (request) => noteStart(request))
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply, door))
  app.setNotFoundHandler((_request, reply) => reply.code(404).send())
  await app.register(async (scope) => {
    // Qdrant takes any content type for JSON; bodies stay bytes until a route knows what it wants of them.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: door.maxRequestBytes },
      (_request, body, done) => done(null, body),
    )
    collectionRoutes(scope, door)
    aliasRoutes(scope, door)
    indexRoutes(scope, door)
    pointRoutes(scope, door)
    searchRoutes(scope, door)
    snapshotRoutes(scope, door, memory)
  })
  await app.register((scope) => uploadRoutes(scope, door))
}

function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  door: QdrantDoorOptions,
): FastifyReply {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const size = request.headers['content-length'] ?? 'more'
    const text = `JSON payload (${size} bytes) is larger than allowed (limit: ${door.maxRequestBytes} bytes).`
    return sendError(request, reply, new WireError(400, text))
  }
  const known = toWireError(error)
  if (known !== undefined) return sendError(request, reply, known)
  if (!(error instanceof DatabaseError) && error.statusCode !== undefined && error.statusCode < 500) {
    return sendError(request, reply, new WireError(error.statusCode, `Bad request: ${error.message}`))
  }
  return sendError(request, reply, new WireError(500, 'Service internal error: see the log of the server'))
}
