import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { JsonObject, JsonValue } from '../../../index.ts'
import { getCollection, type QdrantDoorOptions } from '../door.ts'
import { toWireError } from '../errors.ts'
import { openLocation, recover, translateRecover } from '../recovery.ts'
import {
  collectionName,
  jsonBody,
  pathParam,
  queryParam,
  sendAccepted,
  sendResult,
  waitParam,
} from '../request.ts'
import { sendArchive } from '../send-archive.ts'
import { SnapshotShelf, type ShelfMemory } from '../snapshot-shelf.ts'
import { wrongInput } from '../failures.ts'

export function snapshotRoutes(app: FastifyInstance, door: QdrantDoorOptions, memory: ShelfMemory): void {
  const shelfOf = (
    request: FastifyRequest,
  ): { shelf: SnapshotShelf; collection: ReturnType<typeof getCollection> } => {
    const collection = getCollection(door, collectionName(request))
    return { shelf: new SnapshotShelf(door, collection.name, memory), collection }
  }
  const full = new SnapshotShelf(door, '', memory)

  app.get('/collections/:collection/snapshots', async (request, reply) => {
    return sendResult(request, reply, (await shelfOf(request).shelf.list()) as unknown as JsonValue)
  })
  app.post('/collections/:collection/snapshots', (request, reply) =>
    waited(request, reply, async () => {
      const { shelf, collection } = shelfOf(request)
      return (await shelf.create(collection, wantsChecksum(request))) as unknown as JsonObject
    }),
  )
  app.get('/collections/:collection/snapshots/:name', (request, reply) =>
    plainErrors(reply, async () =>
      sendArchive(request, reply, await shelfOf(request).shelf.open(pathParam(request, 'name'))),
    ),
  )
  app.delete('/collections/:collection/snapshots/:name', (request, reply) =>
    waited(request, reply, async () => {
      await shelfOf(request).shelf.delete(pathParam(request, 'name'))
      return true
    }),
  )
  app.put('/collections/:collection/snapshots/recover', async (request, reply) => {
    const name = collectionName(request)
    const isWaiting = waitParam(request, true)
    const recovery = translateRecover(jsonBody(request))
    return waitedFor(isWaiting, request, reply, async () => {
      await recover(door, name, await openLocation(door, recovery), {
        checksum: recovery.checksum,
        mismatch: (given, computed) =>
          wrongInput(`Snapshot checksum mismatch: expected ${given}, got ${computed}`),
      })
      return true
    })
  })

  app.get('/snapshots', async (request, reply) =>
    sendResult(request, reply, (await full.list()) as unknown as JsonValue),
  )
  app.post('/snapshots', (request, reply) =>
    waited(
      request,
      reply,
      async () => (await full.create(undefined, wantsChecksum(request))) as unknown as JsonObject,
    ),
  )
  app.get('/snapshots/:name', (request, reply) =>
    plainErrors(reply, async () => sendArchive(request, reply, await full.open(pathParam(request, 'name')))),
  )
  app.delete('/snapshots/:name', (request, reply) =>
    waited(request, reply, async () => {
      await full.delete(pathParam(request, 'name'))
      return true
    }),
  )
}

/** Ours: `?checksum=false` spares the hashing of a virtual archive. */
function wantsChecksum(request: FastifyRequest): boolean {
  return queryParam(request, 'checksum') !== 'false'
}

async function waited(
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<JsonValue>,
): Promise<FastifyReply> {
  return waitedFor(waitParam(request, true), request, reply, work)
}

/** With wait=false the work goes on by itself; what becomes of it is in the log only, as in Qdrant. */
export async function waitedFor(
  isWaiting: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<JsonValue>,
): Promise<FastifyReply> {
  if (isWaiting) return sendResult(request, reply, await work())
  work().catch((error: unknown) =>
    request.log.error({ error: String(error) }, 'work that nobody waits for has failed'),
  )
  return sendAccepted(request, reply)
}

/** Downloads answer errors as plain text. */
async function plainErrors(reply: FastifyReply, work: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await work()
  } catch (error) {
    const known = toWireError(error)
    if (known === undefined) throw error
    return reply.code(known.status).header('content-type', 'text/plain; charset=utf-8').send(known.text)
  }
}
