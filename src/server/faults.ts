import type { FastifyInstance } from 'fastify'
import { DatabaseError, type ErrorKind } from '../index.ts'
import { InvariantViolation } from '../runtime/assert.ts'
import type { Logger } from '../runtime/logger.ts'

/** Whether a person must look at the server, or the client at its request. */
const needsAPerson: Record<ErrorKind, boolean> = {
  invalid: false,
  'not-found': false,
  conflict: false,
  unavailable: true,
  corrupt: true,
  closed: false,
  internal: true,
}

/**
 * Logs what made requests fail: the answer of the door tells the client no more than it needs. `onFatal` gets a fault
 * of our own: the request has its answer, but the process must not go on.
 */
export function reportFaults(app: FastifyInstance, logger: Logger, onFatal: (error: unknown) => void): void {
  app.addHook('onError', async (request, _reply, error) => {
    const details = { route: `${request.method} ${request.routeOptions.url ?? 'unknown'}`, error }
    if (isFault(error)) logger.error('request failed', details)
    else logger.debug('request refused', details)
    if (error instanceof InvariantViolation) onFatal(error)
  })
}

function isFault(error: Error): boolean {
  if (error instanceof DatabaseError) return needsAPerson[error.kind]
  const status = 'statusCode' in error ? error.statusCode : 'status' in error ? error.status : undefined
  return typeof status !== 'number' || status >= 500
}
