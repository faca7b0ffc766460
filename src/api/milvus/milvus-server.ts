import { Metadata, Server, status as grpcStatus } from '@grpc/grpc-js'
import { InvariantViolation } from '../../runtime/assert.ts'
import { addByteService, textsOf, type ByteHandler } from '../grpc/byte-service.ts'
import { authenticate, missingToken, wrongToken } from './access/authenticate.ts'
import { checkPermitted } from './access/permit.ts'
import { accessRpcs } from './access/rpcs.ts'
import { visiblePart } from './access/visibility.ts'
import type { Call, MilvusDoor } from './door.ts'
import { collectionRpcs } from './collections/rpcs.ts'
import { aliasRpcs } from './aliases/rpcs.ts'
import { databaseRpcs } from './databases/rpcs.ts'
import { indexRpcs } from './indexes/rpcs.ts'
import { maintenanceRpcs } from './maintenance/rpcs.ts'
import { partitionRpcs } from './partitions/rpcs.ts'
import { loadingRpcs } from './loading/rpcs.ts'
import { resourceRpcs } from './resources/rpcs.ts'
import type { Handler, Handlers } from './rpcs/handler.ts'
import { session } from './rpcs/session.ts'
import { searchRpcs } from './search/rpcs.ts'
import { rowRpcs } from './rows/rpcs.ts'
import { snapshotRpcs } from './snapshots/rpcs.ts'
import { textRpcs } from './text/run-analyzer.ts'
import { codes, isExpected, MilvusError, statusOf, success } from './status.ts'
import { decodeMessage, encodeMessage, hasField, type Message } from './wire/messages.ts'
import { rpcs, serviceName } from './wire/rpcs.ts'

const families: readonly Handlers[] = [
  session,
  accessRpcs,
  collectionRpcs,
  aliasRpcs,
  databaseRpcs,
  partitionRpcs,
  indexRpcs,
  loadingRpcs,
  resourceRpcs,
  textRpcs,
  maintenanceRpcs,
  rowRpcs,
  searchRpcs,
  snapshotRpcs,
]
const handlers: ReadonlyMap<string, Handler<never>> = new Map(families.flatMap((one) => Object.entries(one)))

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

/** The fields of the answer to a message that has all its members. @throws what the call is refused with */
export async function dispatch(
  door: MilvusDoor,
  name: string,
  message: Message,
  call: Call,
): Promise<object> {
  checkPermitted(door, name, message, call)
  const handler = handlers.get(name)
  if (handler === undefined) throw unimplemented(name)
  // What cannot be loaded, the handler itself tells.
  if (!door.database.isLoaded) await door.database.whenLoaded().catch(() => undefined)
  return visiblePart(door, name, message, call, await handler(door, message as never, call))
}

function encode(response: string, status: object, fields: object): Buffer {
  if (response === 'Status') return encodeMessage(response, { ...status, ...fields })
  const name = ['status', 'alter_status'].find((one) => hasField(response, one))
  return encodeMessage(response, name === undefined ? { ...fields } : { [name]: status, ...fields })
}

const unimplemented = (name: string): MilvusError =>
  new MilvusError(codes.unimplemented, `${name} is not supported by this server: service unimplemented`)
