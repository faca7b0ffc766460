import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']
const varyings = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'

/**
 * Lets pages of every origin call the server, as Qdrant does. A preflight is answered for any path and without a key,
 * since a browser sends none with it.
 */
export function allowOtherOrigins(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const asked = request.headers['access-control-request-method']
    if (request.method === 'OPTIONS' && asked !== undefined) return answerPreflight(request, reply, asked)
    allowOrigin(request, reply)
  })
  // Fastify gives every answer a type; Qdrant's refusal of a preflight has none.
  app.addHook('onSend', async (_request, reply) => {
    if (refused.has(reply)) reply.removeHeader('content-type')
  })
}

const refused = new WeakSet<FastifyReply>()

function answerPreflight(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: string | string[],
): FastifyReply {
  if (typeof asked !== 'string' || !methods.includes(asked)) {
    refused.add(reply)
    return reply.code(400).send(Buffer.from('Requested method is not allowed'))
  }
  allowOrigin(request, reply)
  const headers = request.headers['access-control-request-headers']
  if (headers !== undefined) reply.header('access-control-allow-headers', headers)
  return reply.header('access-control-allow-methods', methods.join(', ')).code(200).send()
}

function allowOrigin(request: FastifyRequest, reply: FastifyReply): void {
  const { origin } = request.headers
  if (origin !== undefined) reply.header('access-control-allow-origin', origin)
  reply.header('vary', varyings)
}
