import { afterEach, beforeEach } from 'vitest'
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

/** What a door can be asked. Answers are looked into as they come. */
export interface MilvusCalls {
  /** The answer of an RPC, decoded, whatever its status. Members that are not given are those of an empty message. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  call(rpc: string, request?: object, database?: string): Promise<any>
  /** The same; an answer that is no success is thrown. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  must(rpc: string, request?: object, database?: string): Promise<any>
  /** Code and reason of one that is no success. */
  refusal(rpc: string, request?: object, database?: string): Promise<readonly [number, string]>
}

export function callsOf(door: MilvusDoor, user?: string): MilvusCalls {
  const call: MilvusCalls['call'] = async (rpc, request = {}, database = '') => {
    const { request: type, response } = rpcs[rpc]!
    const who = { database, user, metadata: {} }
    const bytes = await answer(door, rpc, encodeMessage(type, request), who, (error) => {
      throw error
    })
    return decodeMessage(response, bytes)
  }
  return {
    call,
    must: async (rpc, request, database) => {
      const message = (await call(rpc, request, database)) as Record<string, unknown>
      const [code, reason] = statusOf(message)
      if (code !== 0) throw new Error(`${rpc} was answered with ${code}: ${reason}`)
      return message
    },
    refusal: async (rpc, request, database) =>
      statusOf((await call(rpc, request, database)) as Record<string, unknown>),
  }
}

/** Messages have a status, or are one; a few others are answers only of what succeeds. */
function statusOf(message: Readonly<Record<string, unknown>>): readonly [code: number, reason: string] {
  const status = message['status'] ?? message['alter_status'] ?? message
  const { code = 0, reason = '' } = status as { code?: number; reason?: string }
  return [code, reason]
}

/** Milvus' API on a disk in memory. */
export interface TestMilvus extends MilvusCalls {
  readonly door: MilvusDoor
  readonly database: Database
  readonly disk: SimulatedDisk
  /** The clock goes on by so much. */
  wait(milliseconds: number): void
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
  const alarms: { readonly at: number; readonly ring: () => void }[] = []
  const clock: Clock = {
    now: () => (now += 1),
    monotonic: () => now,
    after(delayMs, ring) {
      const alarm = { at: now + delayMs, ring }
      alarms.push(alarm)
      return { cancel: () => void alarms.splice(alarms.indexOf(alarm) >>> 0, 1) }
    },
  }
  const { apiKeys = [] } = options
  const door = openMilvusDoor({
    database,
    clock,
    logger: silentLogger,
    version: 'v2.6.4',
    maxRequestBytes: 2 ** 24,
    apiKeys,
  })
  const wait = (milliseconds: number): void => {
    now += milliseconds
    const due = alarms.filter(({ at }) => at <= now)
    for (const alarm of due) alarms.splice(alarms.indexOf(alarm), 1)
    for (const { ring } of due) ring()
  }
  return { door, database, disk, ...callsOf(door, options.user), wait, close: () => database.close() }
}

/** Such an API for each test of a file, empty at first. */
export interface EachTestMilvus extends TestMilvus {
  /** Opens what is on its disk again. */
  restart(): Promise<void>
}

/** Milvus' API anew for each of the tests that follow; to be called where tests are declared. */
export function milvusForEachTest(): EachTestMilvus {
  let milvus: TestMilvus
  beforeEach(async () => {
    milvus = await openTestMilvus()
  })
  afterEach(() => milvus.close())
  return {
    get door() {
      return milvus.door
    },
    get database() {
      return milvus.database
    },
    get disk() {
      return milvus.disk
    },
    wait: (milliseconds) => milvus.wait(milliseconds),
    call: (...request) => milvus.call(...request),
    must: (...request) => milvus.must(...request),
    refusal: (...request) => milvus.refusal(...request),
    close: () => milvus.close(),
    restart: async () => {
      await milvus.close()
      milvus = await openTestMilvus({ disk: milvus.disk })
    },
  }
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

/** The request that makes a collection of these fields; what else the request, and its schema, have. */
export function collectionOf(
  name: string,
  fields: readonly object[],
  more: object = {},
  schema: object = {},
): object {
  const bytes = encodeMessage('CollectionSchema', { name, fields, ...schema })
  return { collection_name: name, schema: bytes, ...more }
}

/** Makes the collection `c` of these fields, each vector with an index, and loads it; what else its schema has. */
export async function makeLoaded(
  milvus: MilvusCalls,
  fields: readonly object[],
  schema: object = {},
): Promise<void> {
  await milvus.must('CreateCollection', collectionOf('c', fields, {}, schema))
  const extra = pairs({ index_type: 'AUTOINDEX' })
  for (const { name, data_type: type } of fields as readonly { name: string; data_type: number }[])
    if (type >= vectorKinds.BinaryVector)
      await milvus.must('CreateIndex', { collection_name: 'c', field_name: name, extra_params: extra })
  await milvus.must('LoadCollection', { collection_name: 'c' })
}

/** Pairs as they are sent. */
export const pairs = (values: Readonly<Record<string, string>>): readonly object[] =>
  Object.entries(values).map(([key, value]) => ({ key, value }))
