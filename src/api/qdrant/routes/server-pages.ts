import type { FastifyInstance } from 'fastify'
import type { JsonObject } from '../../../index.ts'
import { sendResult } from '../answers.ts'
import { decodeBody } from '../body.ts'
import { boolean, defaulted, option, optional, struct, usize } from '../decode.ts'
import type { Door } from '../door.ts'
import { badRequest, unsupported } from '../failures.ts'
import { checkTimeout, countParam, flagParam } from '../parameters.ts'
import { rightsOf } from '../rights/asking.ts'
import type { Rights } from '../rights/rights.ts'
import { checkBounds } from '../translate/checks.ts'

// Pages about the server itself, as far as there is something true to say.

const quotas = option(struct('QuotaConfig', { enabled: defaulted(boolean) }))
const auditQuery = struct('AuditLogRequest', { limit: optional(usize) })
const auditLimitMax = 10_000
const features = ['debug', 'gpu', 'recovery_mode', 'rocksdb', 'service_debug_feature', 'staging']

export function serverPageRoutes(app: FastifyInstance, door: Door): void {
  app.get('/telemetry', async (request, reply) => {
    const level = countParam(request, 'details_level') ?? 0
    flagParam(request, 'anonymize', false)
    checkTimeout(request)
    return sendResult(request, reply, telemetry(door, level, rightsOf(door, request)))
  })

  // Qdrant lists hints here, such as filters without an index. There are none to give.
  app.get('/issues', async (request, reply) => sendResult(request, reply, { issues: [] }))
  app.delete('/issues', async (request, reply) => sendResult(request, reply, true))

  app.get('/debugger', async (request, reply) => sendResult(request, reply, { pyroscope: null }))

  app.get('/quotas', async (request, reply) => sendResult(request, reply, { config: { enabled: false } }))
  app.put('/quotas', async (request, reply) => {
    if (decodeBody(request, quotas)?.enabled === true) throw unsupported('quotas are')
    return sendResult(request, reply, true)
  })

  app.post('/audit/logs', (request) => {
    checkBounds(decodeBody(request, auditQuery).limit, { min: 1, max: auditLimitMax }, 'limit')
    throw badRequest('Audit logging is not configured')
  })
}

/** `level`: how much is told, as in Qdrant: 1 the features, 2 the collections. */
function telemetry(door: Door, level: number, rights: Rights): JsonObject {
  const collections = door.database.listCollections().filter(({ name }) => rights.maySee(name))
  return {
    id: door.database.id,
    app: {
      name: 'qdrant',
      version: door.version,
      ...(level >= 1 ? { features: Object.fromEntries(features.map((name) => [name, false])) } : {}),
    },
    collections: {
      number_of_collections: collections.length,
      ...(level >= 2 ? { collections: collections.map((one) => collectionTelemetry(one.info())) } : {}),
    },
    cluster: { enabled: false, resharding_enabled: false },
  }
}

function collectionTelemetry(info: {
  readonly name: string
  readonly shardPointCounts: readonly number[]
}): JsonObject {
  const shards = info.shardPointCounts.map((points, id): JsonObject => {
    return { id, local: { status: 'green', num_points: points } }
  })
  return { id: info.name, shards }
}
