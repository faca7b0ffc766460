import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { restPrefix } from '../../api/milvus/rest/rest-routes.ts'
import { admit } from '../../api/qdrant/rights/asking.ts'
import type { Credentials, Guard } from '../../api/qdrant/rights/guard.ts'
import type { Rights } from '../../api/qdrant/rights/rights.ts'
import { routeRequirement } from '../../api/qdrant/rights/route-requirements.ts'
import { WireError } from '../../api/qdrant/wire-error.ts'
import { doorFailure, failureText, type DoorCode } from '../../api/v1/errors.ts'
import { sendJson } from '../pages.ts'

const openPages = new Set(['/', '/healthz', '/livez', '/readyz'])

/** What a refused request still sends is read and thrown away up to here, so that its client gets to read the answer. */
const drainedBytesMax = 64 * 2 ** 20

/**
 * Guards every route of `app`, unknown ones included, before the body of a request is read. The pages that say whether
 * the server lives stay open, and so do preflights. Milvus' routes have a guard of their own. Does nothing without a
 * guard.
 */
export function guardRoutes(app: FastifyInstance, guard: Guard | undefined): void {
  if (guard === undefined) return

  app.addHook('onRequest', async (request, reply) => {
    if (isOpen(request) || isBelowMilvus(request)) return
    const isOwn = isBelowV1(request)
    try {
      const rights = await guard.authenticate(credentialsOf(request))
      if (isOwn) return refuseOwn(request, reply, rights)
      if (request.is404) return
      return admitOrRefuse(request, reply, rights)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      boundRest(request)
      return isOwn ? sendOwn(reply, unknownKey(request, error)) : sendBare(reply, error)
    }
  })

  // Qdrant sends these without a content type.
  app.addHook('onSend', async (_request, reply, payload) => {
    if (bare.has(reply)) reply.removeHeader('content-type')
    return payload
  })
}

const bare = new WeakSet<FastifyReply>()

function sendBare(reply: FastifyReply, { status, text }: WireError): FastifyReply {
  bare.add(reply)
  return reply.code(status).send(text)
}

function admitOrRefuse(
  request: FastifyRequest,
  reply: FastifyReply,
  rights: Rights,
): FastifyReply | undefined {
  const route = { method: request.method, pattern: request.routeOptions.url ?? '' }
  try {
    admit(request, rights, route)
    return undefined
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    boundRest(request)
    reply.code(error.status)
    if (routeRequirement(route.method, route.pattern).manner === 'plain')
      return reply.type('text/plain; charset=utf-8').send(error.text)
    return sendJson(reply, { status: { error: error.text }, time: 0 })
  }
}

/** A client that goes on sending is cut off. */
function boundRest({ raw }: FastifyRequest): void {
  let bytes = 0
  raw.on('data', (chunk: Uint8Array) => {
    bytes += chunk.byteLength
    if (bytes > drainedBytesMax) raw.destroy()
  })
}

function credentialsOf({ headers }: FastifyRequest): Credentials {
  const apiKey = headers['api-key']
  return {
    apiKey: typeof apiKey === 'string' ? apiKey : undefined,
    authorization: headers.authorization,
  }
}

function isOpen(request: FastifyRequest): boolean {
  const isPreflight =
    request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  return isPreflight || openPages.has(normalPath(request))
}

/** A route of ours, or a path below ours that has none. */
const isBelowV1 = (request: FastifyRequest): boolean => /^\/v1(\/|$)/.test(placeOf(request))

/** What asks for passwords and keys by itself, whether there is a route or not. */
const isBelowMilvus = (request: FastifyRequest): boolean => placeOf(request).startsWith(`${restPrefix}/`)

function placeOf(request: FastifyRequest): string {
  return request.is404 ? normalPath(request) : (request.routeOptions.url ?? '')
}

/** The path without its query, with slashes merged and trimmed, as the router sees it. */
function normalPath(request: FastifyRequest): string {
  const path = (request.url.split('?', 1)[0] ?? '').replace(/\/{2,}/g, '/')
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

type OwnRefusal = readonly [status: number, code: DoorCode, message: string]

/** Our own API spans the database: it asks for global rights, to read where a route says that it only reads. */
function refuseOwn(request: FastifyRequest, reply: FastifyReply, rights: Rights): FastifyReply | undefined {
  const isReading = request.is404 || request.routeOptions.config.isReading === true
  if (rights.allows({ scope: 'global', level: isReading ? 'read' : 'manage' })) return undefined
  boundRest(request)
  return rights.allows({ scope: 'global', level: 'read' })
    ? sendOwn(reply, [403, 'key-read-only', 'Cannot change anything with a key or token that may only read'])
    : sendOwn(reply, [403, 'key-limited', 'Cannot serve the request: the token is for single collections'])
}

function unknownKey(request: FastifyRequest, { status }: WireError): OwnRefusal {
  const { apiKey, authorization } = credentialsOf(request)
  if (apiKey === undefined && authorization?.startsWith('Bearer ') !== true)
    return [status, 'key-missing', 'Cannot serve the request: it has no api-key header and no bearer token']
  return [status, 'key-wrong', 'Cannot serve the request: the key or token is not valid']
}

function sendOwn(reply: FastifyReply, refusal: OwnRefusal): FastifyReply {
  const failure = doorFailure(...refusal)
  return reply
    .code(failure.status)
    .header('content-type', 'application/json')
    .send(Buffer.from(failureText(failure)))
}
