import type { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'

/** Beyond this a client is cut off instead. */
const drainBytesMax = 2 ** 30

/**
 * A body that is too large is read and thrown away before it is refused. Otherwise: the answer goes out while the
 * client is still sending, the connection is closed on unread bytes, and the client sees a reset and never the answer.
 */
export function drainRefusedBodies(app: FastifyInstance): void {
  app.addHook('preParsing', async (request, _reply, payload) => {
    const bytes = Number(request.headers['content-length'] ?? 0)
    const bytesMax = request.routeOptions.bodyLimit ?? app.initialConfig.bodyLimit ?? Infinity
    if (bytes > bytesMax && bytes <= drainBytesMax) await drain(payload)
    return payload
  })
}

async function drain(body: Readable): Promise<void> {
  for await (const _chunk of body.iterator({ destroyOnReturn: false }));
}
