import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sendResult } from '../answers.ts'
import { decodeBody } from '../body.ts'
import { buffered, optional, struct, text, type Decoder } from '../decode.ts'
import type { Door } from '../door.ts'
import { unsupported, wrongInput } from '../failures.ts'
import { countParam, queryParam } from '../parameters.ts'
import { PlainError, WireError } from '../wire-error.ts'

// Qdrant's reader finds fault with the level only once it has seen what follows.
const logger = struct('LoggerConfig', { log_level: optional(buffered(text)) })
const slowRequestsByDefault = 10

/** What the server writes to its log, and which requests were slow. */
export function logAndProfileRoutes(app: FastifyInstance, { service }: Door): void {
  app.get('/logger', async (request, reply) =>
    sendResult(request, reply, { log_level: service.log?.level ?? 'OFF' }),
  )

  app.post('/logger', async (request, reply) => {
    const { log_level: level } = decodePlainly(request, logger)
    if (level !== undefined && service.log?.setLevel(level) !== true) {
      throw wrongInput(`Unknown log level: ${level}`)
    }
    return sendResult(request, reply, true)
  })

  app.get('/profiler/slow_requests', async (request, reply) => {
    const limit = countParam(request, 'limit') ?? slowRequestsByDefault
    const requests = service.slowRequests.list(limit, queryParam(request, 'request'))
    return sendResult(request, reply, { requests })
  })

  // There are no threads whose stacks could be told: what waits for nothing runs to its end.
  app.get('/stacktrace', async (request, reply) => sendResult(request, reply, { threads: [] }))

  app.patch('/debugger', (request) => {
    decodePlainly(request, debuggerPatch)
    throw unsupported('profilers are')
  })
}

/** One member, whose name says what is changed. */
const debuggerPatch: Decoder<void> = (value) => {
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0
  if (isEmpty) throw new PlainError(400, 'Json deserialize error: expected value at line 1 column 2')
}

/** Refuses as Qdrant's framework does where no route of its own has a say. @throws PlainError 400 */
function decodePlainly<T>(request: FastifyRequest, decoder: Decoder<T>): T {
  try {
    return decodeBody(request, decoder)
  } catch (error) {
    if (!(error instanceof WireError) || error instanceof PlainError) throw error
    throw new PlainError(
      error.status,
      error.text.replace('Format error in JSON body: ', 'Json deserialize error: '),
    )
  }
}
