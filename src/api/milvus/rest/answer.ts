import type { FastifyRequest } from 'fastify'
import { assert } from '../../../runtime/assert.ts'
import { dispatch } from '../dispatch.ts'
import { defaultDatabase, type Call, type Caller, type MilvusDoor } from '../door.ts'
import { rpcs } from '../wire/rpcs.ts'
import { Body } from './body.ts'
import { messageOf } from './message.ts'
import type { RestAnswer, RestCall } from './route.ts'
import { routes } from './routes/all-routes.ts'

/** Answers a request whose caller is known. @throws RestError 1801 if its body is no JSON, and what the RPC is refused with */
export function answer(
  path: string,
  door: MilvusDoor,
  request: FastifyRequest,
  who: Caller,
): Promise<RestAnswer> {
  const run = routes[path]
  assert(run !== undefined, `path ${path} is listed and defined`)
  return run(callOf(door, request, who))
}

function callOf(door: MilvusDoor, request: FastifyRequest, who: Caller): RestCall {
  const body = Body.parse(Buffer.isBuffer(request.body) ? request.body : new Uint8Array())
  const header = (name: string): string => {
    const value = request.headers[name]
    return typeof value === 'string' ? value : ''
  }
  const given = body.text('dbName') || header('db-name')
  const database = given || defaultDatabase
  const call: Call = { ...who, database: given, metadata: {} }
  const allowsIntegers = header('accept-type-allow-int64').toLowerCase()
  return {
    door,
    body,
    database,
    call,
    rowIntegersAreNumbers: allowsIntegers !== 'false',
    idsAreNumbers: allowsIntegers === 'true',
    rpc: (name, members) => dispatch(door, name, messageOf(rpcs[name]!.request, members), call),
  }
}
