import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { doorFailure, failureText, type DoorCode } from '../api/v1/errors.ts'
import { sendJson } from './pages.ts'

// Who may do what, as Qdrant's clients know it:
//   - without any key set, everybody may do everything.
//   - the full key (and its spare) may do everything, the read-only key may read.
//   - the pages that say whether the server lives need no key.

export interface ApiKeys {
  readonly full: readonly string[]
  readonly readOnly: readonly string[]
}

type Access = 'full' | 'read-only' | 'missing' | 'wrong'

const openPages = new Set(['/', '/healthz', '/livez', '/readyz'])

/** POST routes that change nothing. */
const readingPosts =
  /^\/collections\/[^/]+(\/shards\/[^/]+)?\/(points(\/(scroll|count|query|query\/batch|query\/groups|search|search\/batch|search\/groups|search\/matrix\/pairs|search\/matrix\/offsets|recommend|recommend\/batch|recommend\/groups|discover|discover\/batch))?|facet)$/

/** Reading routes that only the full key may use. */
const guardedReads = /^(\/debugger|\/profiler\/slow_requests|\/collections\/[^/]+\/shards\/[^/]+\/snapshot)$/

/** Refused before their body is read, and in plain text. */
const plainRoutes =
  /^\/collections\/[^/]+\/(snapshots\/upload|shards\/[^/]+\/(snapshots\/upload|snapshot|snapshot\/partial\/(create|recover)))$/

const forbidden = 'Forbidden: Global manage access is required'

/** Guards every route of `app`, unknown ones included. Does nothing if no key is set. */
export function guardWithKeys(app: FastifyInstance, keys: ApiKeys): void {
  if (keys.full.length + keys.readOnly.length === 0) return

  app.addHook('onRequest', async (request, reply) => {
    if (isOpen(request)) return
    const access = accessOf(request, keys)
    if (isOwn(request)) return refuseOwn(request, reply, access)
    if (access === 'missing') {
      return reply.code(401).send('Must provide an API key or an Authorization bearer token')
    }
    if (access === 'wrong') return reply.code(401).send('Invalid API key or JWT')
    if (access === 'read-only' && isChange(request) && plainRoutes.test(routeOf(request))) {
      return reply.code(403).type('text/plain; charset=utf-8').send(forbidden)
    }
  })

  // Qdrant sends its 401 without a content type.
  app.addHook('onSend', async (request, reply, payload) => {
    if (reply.statusCode === 401 && !isOwn(request)) reply.removeHeader('content-type')
    return payload
  })

  // After the body has been read, since a body that is no JSON is reported first.
  app.addHook('preHandler', async (request, reply) => {
    if (isOpen(request) || isOwn(request) || !isChange(request) || accessOf(request, keys) !== 'read-only')
      return
    return sendJson(reply.code(403), { status: { error: forbidden }, time: 0 })
  })
}

/** A route of ours, or a path below ours that has none. */
function isOwn(request: FastifyRequest): boolean {
  return /^\/v1(\/|$)/.test(request.is404 ? normalPath(request) : routeOf(request))
}

const ownRefusals: Readonly<Record<Exclude<Access, 'full'>, readonly [status: number, DoorCode, string]>> = {
  missing: [401, 'key-missing', 'Cannot serve the request: it has no api-key header and no bearer token'],
  wrong: [401, 'key-wrong', 'Cannot serve the request: the key is not known'],
  'read-only': [403, 'key-read-only', 'Cannot change anything with a read-only key'],
}

/** Our own API says what each route is, and answers in its own words. */
function refuseOwn(request: FastifyRequest, reply: FastifyReply, access: Access): FastifyReply | undefined {
  if (access === 'full') return undefined
  const mayRead = request.is404 || request.routeOptions.config.isReading === true
  if (access === 'read-only' && mayRead) return undefined
  const failure = doorFailure(...ownRefusals[access])
  return reply
    .code(failure.status)
    .header('content-type', 'application/json')
    .send(Buffer.from(failureText(failure)))
}

function accessOf(request: FastifyRequest, keys: ApiKeys): Access {
  const given = keyOf(request)
  if (given === undefined) return 'missing'
  if (contains(keys.full, given)) return 'full'
  return contains(keys.readOnly, given) ? 'read-only' : 'wrong'
}

function keyOf(request: FastifyRequest): string | undefined {
  const header = request.headers['api-key']
  if (typeof header === 'string') return header
  const bearer = request.headers.authorization
  return bearer?.startsWith('Bearer ') === true ? bearer.slice('Bearer '.length) : undefined
}

/** Looks at every key and compares digests, so that the time taken tells nothing about the keys. */
function contains(keys: readonly string[], given: string): boolean {
  const digest = digestOf(given)
  return keys.map((key) => timingSafeEqual(digestOf(key), digest)).includes(true)
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function isOpen(request: FastifyRequest): boolean {
  const isPreflight =
    request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  return isPreflight || openPages.has(normalPath(request))
}

/** True for everything that is not known to change nothing. */
function isChange(request: FastifyRequest): boolean {
  if (request.is404) return false
  if (request.method === 'GET') return guardedReads.test(routeOf(request))
  return !(request.method === 'POST' && readingPosts.test(routeOf(request)))
}

/** The pattern of the route that was found, not the path: spellings of a path in percents cannot change its rights. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? ''
}

/** The path without its query, with slashes merged and trimmed, as the router sees it. */
function normalPath(request: FastifyRequest): string {
  const path = (request.url.split('?', 1)[0] ?? '').replace(/\/{2,}/g, '/')
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
