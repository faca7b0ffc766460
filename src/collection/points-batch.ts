import { DatabaseError } from '../errors/database-error.ts'
import { idKindUuid, type IdKind, type IdWords } from '../ids/point-id.ts'
import type { VectorValue } from '../graph/vector-value.ts'
import { assert } from '../runtime/assert.ts'
import type { VectorKind } from './types.ts'

/** The body of one write of points: what is logged, what is replayed, what is applied. */
export interface PointsBatch {
  readonly collection: string
  /** Left out: the default one. Of several, each gets all points. */
  readonly partition?: string | readonly string[]
  readonly mode: UpsertMode
  /** JSON text of a Filter, or ''. */
  readonly condition: string
  readonly count: number
  /** Five words per point: kind, w0 to w3. */
  readonly ids: Uint32Array
  readonly payloads: BatchPayloads
  readonly vectors: readonly BatchVectors[]
}

/** JSON object texts, one behind the other, with a length for each point: 0 for none. */
export interface BatchPayloads {
  readonly bytes: Uint8Array
  readonly lengths: Uint32Array
}

export interface BatchVectors {
  readonly name: string
  readonly kind: VectorKind
  /** 0 for sparse vectors. */
  readonly dimensions: number
  /** One byte per point: 1 where the point has this vector. */
  readonly present: Uint8Array
  /**
   * One behind the other for each point that has it. Dense: `dimensions` floats. Others begin with a count n; sparse: n
   * ascending indices and n floats; multi: n times `dimensions` floats.
   */
  readonly words: Uint32Array
}

/** How many words the vector at this place has. */
export function wordsOfVector({ kind, dimensions, words }: BatchVectors, at: number): number {
  switch (kind) {
    case 'dense':
      return dimensions
    case 'sparse':
      return 1 + 2 * words[at]!
    case 'multi':
      return 1 + words[at]! * dimensions
  }
}

/** A view of the batch, not a copy. */
export function vectorOfBatch({ kind, dimensions, words }: BatchVectors, at: number): VectorValue {
  const floats = (from: number, count: number): Float32Array =>
    new Float32Array(words.buffer, words.byteOffset + from * 4, count)
  if (kind === 'dense') return floats(at, dimensions)
  const count = words[at]!
  if (kind === 'multi') return { dimensions, values: floats(at + 1, count * dimensions) }
  return { indices: words.subarray(at + 1, at + 1 + count), values: floats(at + 1 + count, count) }
}

export const upsertModes = ['upsert', 'insert-only', 'update-only', 'vectors'] as const
/** `vectors` changes only the named vectors of points that exist. */
export type UpsertMode = (typeof upsertModes)[number]

const idWords = 5
// Version 2 has vectors that are not dense, version 3 a partition, version 4 several; what has none of it is written as
// version 1, as ever.
const formatVersion = 4

export function readId(batch: PointsBatch, index: number, out: IdWords): void {
  const at = index * idWords
  out.kind = batch.ids[at]! as IdKind
  out.w0 = batch.ids[at + 1]!
  out.w1 = batch.ids[at + 2]!
  out.w2 = batch.ids[at + 3]!
  out.w3 = batch.ids[at + 4]!
}

export function writeId(ids: Uint32Array, index: number, id: Readonly<IdWords>): void {
  const at = index * idWords
  ids[at] = id.kind
  ids[at + 1] = id.w0
  ids[at + 2] = id.w1
  ids[at + 3] = id.w2
  ids[at + 4] = id.w3
}

export function newIds(count: number): Uint32Array {
  return new Uint32Array(count * idWords)
}

/**
 * Layout (docs/format/log.md, record `points`): a JSON header with its length before it, then, in its order: the
 * ids (20 bytes each), the payload lengths (u32 each), the payload bytes, and per vector name the presence bytes
 * and the words. All little-endian.
 */
export function encodeBatch(batch: PointsBatch): Uint8Array[] {
  const header = Buffer.from(
    JSON.stringify({
      v: versionOf(batch),
      collection: batch.collection,
      ...(batch.partition === undefined ? {} : { partition: batch.partition }),
      mode: batch.mode,
      condition: batch.condition,
      count: batch.count,
      payloadBytes: batch.payloads.bytes.byteLength,
      vectors: batch.vectors.map(({ name, kind, dimensions, words }) => ({
        name,
        ...(kind === 'dense' ? {} : { kind }),
        dimensions,
        floats: words.length,
      })),
    }),
  )
  const size = Buffer.alloc(4)
  size.writeUInt32LE(header.byteLength)
  const { bytes, lengths } = batch.payloads
  const parts: Uint8Array[] = [size, header, bytesOf(batch.ids), bytesOf(lengths), bytes]
  for (const vector of batch.vectors) parts.push(vector.present, bytesOf(vector.words))
  return parts
}

function versionOf({ partition, vectors }: PointsBatch): number {
  if (partition !== undefined) return typeof partition === 'string' ? 3 : formatVersion
  return vectors.every(({ kind }) => kind === 'dense') ? 1 : 2
}

export function decodeBatch(body: Uint8Array): PointsBatch {
  const reader = new BodyReader(body)
  const headerBytes = reader.words(1)[0]!
  const header = JSON.parse(Buffer.from(reader.take(headerBytes)).toString('utf8')) as {
    v: number
    collection: string
    partition?: string | readonly string[]
    mode: UpsertMode
    condition: string
    count: number
    payloadBytes: number
    vectors: { name: string; kind?: VectorKind; dimensions: number; floats: number }[]
  }
  if (!(header.v >= 1 && header.v <= formatVersion)) {
    throw new DatabaseError(
      'version-unsupported',
      `Cannot read a record of points: its version is ${header.v}`,
    )
  }
  const ids = reader.words(header.count * idWords)
  const lengths = reader.words(header.count)
  const payloads = { bytes: reader.take(header.payloadBytes), lengths }
  const vectors = header.vectors.map(({ name, kind = 'dense', dimensions, floats }) => {
    const present = reader.take(header.count)
    return { name, kind, dimensions, present, words: reader.words(floats) }
  })
  assert(reader.isAtEnd, 'a record of points is read to its end')
  const { collection, partition, mode, condition, count } = header
  const inPartition = partition === undefined ? {} : { partition }
  return { collection, ...inPartition, mode, condition, count, ids, payloads, vectors }
}

/** Kind and words of an id as they stand in the batch, for messages. */
export function isUuidAt(batch: PointsBatch, index: number): boolean {
  return batch.ids[index * idWords] === idKindUuid
}

function bytesOf(array: Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

class BodyReader {
  readonly #body: Uint8Array
  #at = 0

  constructor(body: Uint8Array) {
    this.#body = body
  }

  get isAtEnd(): boolean {
    return this.#at === this.#body.byteLength
  }

  take(bytes: number): Uint8Array {
    assert(this.#at + bytes <= this.#body.byteLength, 'a record holds what its header says')
    const part = this.#body.subarray(this.#at, this.#at + bytes)
    this.#at += bytes
    return part
  }

  /** A copy, because records lie at any offset and words must be aligned. */
  words(count: number): Uint32Array {
    const copy = new Uint8Array(count * 4)
    copy.set(this.take(count * 4))
    return new Uint32Array(copy.buffer)
  }
}
