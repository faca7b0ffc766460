import { Metadata, Server, status } from '@grpc/grpc-js'
import { InvariantViolation } from '../../../runtime/assert.ts'
import type { Logger } from '../../../runtime/logger.ts'
import { addByteService, textsOf, type ByteCall, type ByteHandler } from '../../grpc/byte-service.ts'
import type { Door } from '../door.ts'
import { admit } from '../rights/asking.ts'
import { jsonRoutes } from '../routes.ts'
import { DirectRoutes } from './direct-routes.ts'
import { services, type Rpc } from './rpcs.ts'
import { malformed, statusOf, StatusError } from './status.ts'
import { Fields } from './translate/fields.ts'
import { decodeMessage, encodeMessage, type Message } from './wire/messages.ts'

export interface GrpcDoorOptions {
  readonly door: Door
  readonly logger: Logger
  /** Called with a fault of our own that a call ran into: the process must not go on. */
  readonly onFatal: (error: unknown) => void
}

type Handle = (call: ByteCall) => Buffer | Promise<Buffer>

/** Qdrant's gRPC API over the routes of its REST API, not listening yet. */
export function createGrpcServer(options: GrpcDoorOptions): Server {
  const { door } = options
  const routes = new DirectRoutes().add((app) => jsonRoutes(app, door))
  const server = new Server({
    'grpc.max_receive_message_length': door.maxRequestBytes,
    'grpc.max_send_message_length': -1,
    // Clients ping without a call, some of them often (every 5 s).
    'grpc.keepalive_permit_without_calls': 1,
  })
  for (const [service, rpcs] of Object.entries(services)) {
    const handles = Object.entries(rpcs).map(
      ([name, rpc]) => [name, (call: ByteCall) => answer(rpc, routes, door, call)] as const,
    )
    addService(server, service, Object.fromEntries(handles), options)
  }
  // Both need no key: who watches over the server has none.
  addService(server, 'qdrant.Qdrant', { HealthCheck: () => title(door.version) }, options)
  addService(
    server,
    'grpc.health.v1.Health',
    { Check: () => encodeMessage('HealthReply', { status: 1 }) },
    options,
  )
  return server
}

const title = (version: string): Buffer =>
  encodeMessage('HealthCheckReply', { title: 'qdrant - vector search engine', version })

function addService(
  server: Server,
  service: string,
  handles: Readonly<Record<string, Handle>>,
  options: GrpcDoorOptions,
): void {
  const unaries = Object.entries(handles).map(
    ([name, handle]) => [name, unary(`${service}/${name}`, handle, options)] as const,
  )
  addByteService(server, service, Object.fromEntries(unaries))
}

function unary(route: string, handle: Handle, { logger, onFatal }: GrpcDoorOptions): ByteHandler {
  return (call, reply) => {
    const run = async (): Promise<void> => {
      try {
        reply(null, await handle(call))
      } catch (error) {
        const known = statusOf(error)
        const details = { route, error }
        if (known === undefined || known.code === status.INTERNAL) logger.error('request failed', details)
        else logger.debug('request refused', details)
        const { code, message, metadata } = known ?? failure
        reply({ code, details: message, metadata: metadata ?? new Metadata() })
        if (error instanceof InvariantViolation) onFatal(error)
      }
    }
    void run()
  }
}

const failure = new StatusError(status.INTERNAL, 'Service internal error: see the log of the server')

async function answer(rpc: Rpc, routes: DirectRoutes, door: Door, call: ByteCall): Promise<Buffer> {
  const start = door.clock.monotonic()
  const fields = new Fields(decode(rpc.request, call.request))
  const headers = textsOf(call.metadata)
  // What cannot be loaded, the route itself tells.
  if (!door.database.isLoaded) await door.database.whenLoaded().catch(() => undefined)
  const result = await routes.call(rpc.route, {
    headers,
    params: rpc.route.includes(':collection') ? { collection: fields.words('collection_name') } : {},
    guard: async (request, route) => {
      if (door.guard === undefined) return
      const { 'api-key': apiKey, authorization } = headers
      admit(request, await door.guard.authenticate({ apiKey, authorization }), route)
    },
    translate: () => rpc.translate(fields),
  })
  const seconds = (door.clock.monotonic() - start) / 1_000
  return encodeMessage(rpc.response, { ...rpc.present(result), time: seconds })
}

function decode(type: string, bytes: Buffer): Message {
  try {
    return decodeMessage(type, bytes)
  } catch (error) {
    throw malformed(
      `failed to decode Protobuf message: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
