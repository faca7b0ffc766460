import protobuf, { Type } from 'protobufjs'
import { readNotation } from '../../grpc/notation.ts'
import { access } from './definitions/access.ts'
import { basics } from './definitions/basics.ts'
import { collections } from './definitions/collections.ts'
import { columns } from './definitions/columns.ts'
import { maintenance } from './definitions/maintenance.ts'
import { others } from './definitions/others.ts'
import { partitionsAndIndexes } from './definitions/partitions-and-indexes.ts'
import { reads } from './definitions/reads.ts'
import { schemas } from './definitions/schemas.ts'
import { server } from './definitions/server.ts'
import { snapshots } from './definitions/snapshots.ts'
import { writes } from './definitions/writes.ts'
import { ExactReader, ExactWriter, setAbsentValues } from './exact-integers.ts'
import { decodeAsFloat32Array } from './float-columns.ts'

/**
 * A message as it is decoded, members called as on the wire (`collection_name`, `fieldID`). Members that were set are
 * own members (`Object.hasOwn`), and of a choice only the one that was; lists and maps always are. The others read as
 * zero, '', false, an empty list, or null for a message, a choice, or what says whether it was set.
 *
 * 64-bit integers are bigints, enums their numbers, `bytes` views of what was received, the `data` of a FloatArray a
 * Float32Array.
 */
export type Message = Readonly<Record<string, unknown>>

const texts = [
  ...[basics, schemas, columns, server, access, collections, partitionsAndIndexes, writes, reads],
  ...[maintenance, snapshots, others],
]

let known: protobuf.Root | undefined

/** The type of a message. The definitions are put together when the first one is asked for. */
export function messageType(name: string): Type {
  known ??= readAll()
  return known.lookupType(name)
}

/** Whether messages of a type have a field of that name. */
export function hasField(type: string, name: string): boolean {
  return Object.hasOwn(messageType(type).fields, name)
}

/** The number of a member of an enum, such as ('DataType', 'Int64'). */
export function enumNumber(type: string, name: string): number | undefined {
  known ??= readAll()
  return known.lookupEnum(type).values[name]
}

/** The name of a member of an enum by its number, such as ('ConsistencyLevel', 2). */
export function enumName(type: string, value: number): string | undefined {
  known ??= readAll()
  return known.lookupEnum(type).valuesById[value]
}

/** All definitions, in the form of protobufjs. */
export function definitions(): ReturnType<typeof readNotation> {
  return Object.assign({}, ...texts.map(readNotation)) as ReturnType<typeof readNotation>
}

function readAll(): protobuf.Root {
  const root = protobuf.Root.fromJSON({ nested: { ...definitions() } })
  root.resolveAll()
  for (const one of root.nestedArray) if (one instanceof Type) setAbsentValues(one)
  decodeAsFloat32Array(root.lookupType('FloatArray'))
  return root
}

/** @throws an Error if the bytes are no such message */
export function decodeMessage(name: string, bytes: Uint8Array): Message {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return messageType(name).decode(new ExactReader(buffer))
}

/**
 * 64-bit integers are given as bigints, safe numbers or texts of digits, floats as lists or Float32Arrays. Of a choice
 * at most one member may be there.
 */
export function encodeMessage(name: string, message: object): Buffer {
  return messageType(name).encode(message, new ExactWriter()).finish() as Buffer
}
