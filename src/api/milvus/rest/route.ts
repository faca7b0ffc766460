import type { Collection, JsonValue } from '../../../index.ts'
import { getCollection, type Call, type MilvusDoor } from '../door.ts'
import type { Body } from './body.ts'

/** A request below `/v2/vectordb`, before anything is made of it. */
export interface RestCall {
  readonly door: MilvusDoor
  readonly body: Body
  /** The body's, or the header's, or `default`. */
  readonly database: string
  readonly call: Call
  /** Whether integers of rows may be numbers that JavaScript cannot hold. */
  readonly rowIntegersAreNumbers: boolean
  /** The same of the numbers of jobs and pins. */
  readonly idsAreNumbers: boolean
  /** What the RPC answers; the request's members that are not given are empty. @throws what it is refused with */
  // The handlers answer members of the response's message, whose shapes are known where they are read.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  rpc(name: string, members: object): Promise<any>
}

/** Answers what stands under `data`, together with members that stand beside it. */
export interface RestAnswer {
  readonly data: JsonValue
  readonly [beside: string]: JsonValue
}

export type RestRoutes = Readonly<Record<string, (request: RestCall) => Promise<RestAnswer>>>

export const done: RestAnswer = { data: {} }

/** What names a collection in most requests. @throws RestError 1802 */
export const named = ({ body, database }: RestCall): { db_name: string; collection_name: string } => ({
  db_name: database,
  collection_name: body.neededText('collectionName'),
})

/** @throws 100, 800 */
export const collectionOf = ({ door, body, database }: RestCall): Collection =>
  getCollection(door, database, body.neededText('collectionName'))

export const rowInteger = ({ rowIntegersAreNumbers }: RestCall, value: bigint | number): JsonValue =>
  rowIntegersAreNumbers ? BigInt(value) : String(value)

export const idInteger = ({ idsAreNumbers }: RestCall, value: bigint | number | string): JsonValue =>
  idsAreNumbers ? BigInt(value) : String(value)

/** A call that answers nothing but that it was done. */
export function doing(
  rpc: string,
  members: (request: RestCall) => object,
): (request: RestCall) => Promise<RestAnswer> {
  return async (request) => {
    await request.rpc(rpc, members(request))
    return done
  }
}
