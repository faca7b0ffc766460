import type { FastifyInstance } from 'fastify'
import { sendResult } from '../answers.ts'
import { decodeBody } from '../body.ts'
import { boolean, defaulted, option, optional, struct, usize } from '../decode.ts'
import type { Door } from '../door.ts'
import { badRequest, unsupported } from '../failures.ts'
import { checkTimeout, countParam, flagParam } from '../parameters.ts'
import { rightsOf } from '../rights/asking.ts'
import { telemetry } from '../reports/telemetry.ts'
import { checkBounds } from '../translate/checks.ts'

// Pages about the server itself, as far as there is something true to say.

const quotas = option(struct('QuotaConfig', { enabled: defaulted(boolean) }))
const auditQuery = struct('AuditLogRequest', { limit: optional(usize) })
const auditLimitMax = 10_000

export function serverPageRoutes(app: FastifyInstance, door: Door): void {
  app.get('/telemetry', async (request, reply) => {
    const level = countParam(request, 'details_level') ?? 0
    const isAnonymous = flagParam(request, 'anonymize', false)
    const perCollection = flagParam(request, 'per_collection', false)
    checkTimeout(request)
    const rights = rightsOf(door, request)
    return sendResult(request, reply, telemetry(door, { level, isAnonymous, perCollection, rights }))
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
