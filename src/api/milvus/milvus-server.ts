import { Metadata, Server, status as grpcStatus } from '@grpc/grpc-js'
import { InvariantViolation } from '../../runtime/assert.ts'
import { addByteService, textsOf, type ByteHandler } from '../grpc/byte-service.ts'
import { authenticate, missingToken, wrongToken } from './access/authenticate.ts'
import type { Call, MilvusDoor } from './door.ts'
import { isExpected, statusOf, success } from './status.ts'
import { decodeMessage, encodeMessage, hasField } from './wire/messages.ts'
import { rpcs, serviceName } from './wire/rpcs.ts'
import { dispatch } from './dispatch.ts'

/** Milvus' gRPC API, not listening yet. `onFatal` is called with a fault of our own: the process must not go on. */
export function createMilvusServer(door: MilvusDoor, onFatal: (error: unknown) => void): Server {
  const server = new Server({
    'grpc.max_receive_message_length': door.maxRequestBytes,
    'grpc.max_send_message_length': -1,
    // Clients ping every ten seconds, without a call as well.
    'grpc.keepalive_permit_without_calls': 1,
  })
  const unaryNames = Object.keys(rpcs).filter((name) => rpcs[name]!.streams === undefined)
  const unaries = unaryNames.map((name) => [name, unary(door, name, onFatal)] as const)
  addByteService(server, serviceName, Object.fromEntries(unaries))
  return server
}

function unary(door: MilvusDoor, name: string, onFatal: (error: unknown) => void): ByteHandler {
  return (call, reply) => {
    const run = async (): Promise<void> => {
      const metadata = textsOf(call.metadata)
      const who = await authenticate(door, metadata)
      if (who === undefined) {
        const details = metadata['authorization'] === undefined ? missingToken : wrongToken
        reply({ code: grpcStatus.UNAUTHENTICATED, details, metadata: new Metadata() })
        return
      }
      const from = { ...who, database: metadata['dbname'] ?? '', metadata }
      reply(null, await answer(door, name, call.request, from, onFatal))
    }
    run().catch((error: unknown) => {
      door.logger.error('request failed', { rpc: name, error })
      reply({ code: grpcStatus.INTERNAL, details: 'internal error', metadata: new Metadata() })
      onFatal(error)
    })
  }
}

/** Business failures are answers with a status: clients would repeat a call that fails in another way. */
export async function answer(
  door: MilvusDoor,
  name: string,
  bytes: Uint8Array,
  call: Call,
  onFatal: (error: unknown) => void,
): Promise<Buffer> {
  const { request, response } = rpcs[name]!
  try {
    return encode(response, success, await dispatch(door, name, decodeMessage(request, bytes), call))
  } catch (error) {
    if (isExpected(error)) door.logger.debug('request refused', { rpc: name, error })
    else door.logger.error('request failed', { rpc: name, error })
    if (error instanceof InvariantViolation) onFatal(error)
    return encode(response, statusOf(error), {})
  }
}

function encode(response: string, status: object, fields: object): Buffer {
  if (response === 'Status') return encodeMessage(response, { ...status, ...fields })
  const name = ['status', 'alter_status'].find((one) => hasField(response, one))
  return encodeMessage(response, name === undefined ? { ...fields } : { [name]: status, ...fields })
}
