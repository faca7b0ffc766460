import { openMilvusDoor, type MilvusDoor } from '../../src/api/milvus/door.ts'
import { answer } from '../../src/api/milvus/milvus-server.ts'
import { decodeMessage, encodeMessage } from '../../src/api/milvus/wire/messages.ts'
import { rpcs } from '../../src/api/milvus/wire/rpcs.ts'
import { open, type Database } from '../../src/index.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import { openQuietly } from './crash-suite.ts'
import { SimulatedDisk } from './simulated-disk.ts'

/** Of the clock, which goes on by a millisecond each time that it is asked. */
const start = Date.UTC(2026, 0, 1)

/** Milvus' API on a disk in memory. */
export interface TestMilvus {
  readonly door: MilvusDoor
  readonly database: Database
  readonly disk: SimulatedDisk
  /** The answer of an RPC, decoded. Members that are not given are those of an empty message. */
  // Answers are looked into as they come.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  call(rpc: string, request?: object, database?: string): Promise<any>
  /** The same; an answer that is no success is thrown. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  must(rpc: string, request?: object, database?: string): Promise<any>
  close(): Promise<void>
}

export interface TestMilvusOptions {
  /** One that was used before: the store is opened again. */
  readonly disk?: SimulatedDisk
  /** Other than everybody may do everything. */
  readonly apiKeys?: readonly string[]
  readonly user?: string
}

export async function openTestMilvus(options: TestMilvusOptions = {}): Promise<TestMilvus> {
  const disk = options.disk ?? new SimulatedDisk()
  const database = await openQuietly(open, disk, 7)
  let now = start
  const clock = { now: () => (now += 1) } as unknown as Clock
  const { apiKeys = [] } = options
  const door = openMilvusDoor({
    database,
    clock,
    logger: silentLogger,
    version: 'v2.6.4',
    maxRequestBytes: 2 ** 24,
    apiKeys,
  })
  const call: TestMilvus['call'] = async (rpc, request = {}, inDatabase = '') => {
    const { request: type, response } = rpcs[rpc]!
    const who = { database: inDatabase, user: options.user, metadata: {} }
    const bytes = await answer(door, rpc, encodeMessage(type, request), who, (error) => {
      throw error
    })
    return decodeMessage(response, bytes)
  }
  const must: TestMilvus['must'] = async (rpc, request, inDatabase) => {
    const message = (await call(rpc, request, inDatabase)) as Record<string, unknown>
    const status = (message['status'] ?? message['alter_status'] ?? message) as {
      code?: number
      reason?: string
    }
    if (status.code !== undefined && status.code !== 0)
      throw new Error(`${rpc} was answered with ${status.code}: ${status.reason ?? ''}`)
    return message
  }
  return { door, database, disk, call, must, close: () => database.close() }
}

const kinds = { Bool: 1, Int8: 2, Int64: 5, Float: 10, Double: 11, VarChar: 21, Array: 22, JSON: 23 } as const
const vectorKinds = { BinaryVector: 100, FloatVector: 101, SparseFloatVector: 104 } as const

/** The name of a type of data, such as `Int64`. */
export type TestType = keyof typeof kinds | keyof typeof vectorKinds

/** A field's message: its name, its type, and what else it has; `dim`, `max_length` and the like are its parameters. */
export function field(name: string, type: TestType, more: Readonly<Record<string, unknown>> = {}): object {
  const { dim, max_length: length, max_capacity: capacity, ...rest } = more
  const params = Object.entries({ dim, max_length: length, max_capacity: capacity })
  return {
    name,
    data_type: { ...kinds, ...vectorKinds }[type],
    type_params: params
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ({ key, value: String(value) })),
    ...rest,
  }
}

export const primaryKey = (name = 'id'): object => field(name, 'Int64', { is_primary_key: true })

/** The request that makes a collection of these fields. */
export function collectionOf(name: string, fields: readonly object[], more: object = {}): object {
  return { collection_name: name, schema: encodeMessage('CollectionSchema', { name, fields }), ...more }
}

/** Pairs as they are sent. */
export const pairs = (values: Readonly<Record<string, string>>): readonly object[] =>
  Object.entries(values).map(([key, value]) => ({ key, value }))
