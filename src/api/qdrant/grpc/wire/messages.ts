import protobuf, { type Type } from 'protobufjs'
import { readNotation } from '../../../grpc/notation.ts'
import { answers } from './answers.ts'
import { cluster } from './cluster.ts'
import { collections } from './collections.ts'
import { filters } from './filters.ts'
import { queries } from './queries.ts'
import { reads } from './reads.ts'
import { settings } from './settings.ts'
import { snapshots } from './snapshots.ts'
import { values } from './values.ts'
import { writes } from './writes.ts'

/** A message as it is decoded: fields that were set are own members. */
export type Message = Readonly<Record<string, unknown>>

const texts = [values, filters, settings, collections, cluster, writes, reads, queries, answers, snapshots]

let known: protobuf.Root | undefined

/** The type of a message. The definitions are put together when the first one is asked for. */
export function messageType(name: string): Type {
  known ??= readAll()
  return known.lookupType(name)
}

function readAll(): protobuf.Root {
  const nested = Object.fromEntries(texts.flatMap((text) => Object.entries(readNotation(text))))
  const root = protobuf.Root.fromJSON({ nested })
  root.resolveAll()
  return root
}

/** @throws an Error if the bytes are no such message */
export function decodeMessage(name: string, bytes: Uint8Array): Message {
  return messageType(name).decode(bytes)
}

/** 64-bit integers are given as numbers or as texts of digits. */
export function encodeMessage(name: string, message: Message): Buffer {
  return Buffer.from(messageType(name).encode(message).finish())
}
