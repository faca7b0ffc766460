import { createHash, type Hash } from 'node:crypto'
import { canonicalJson, RawJson, type JsonObject } from '../../encoding/json.ts'
import { isMulti, isSparse, type VectorValue } from '../../graph/vector-value.ts'
import { idOfWords, wordsOfId, type PointId } from '../../ids/point-id.ts'
import type { Point, PointInput, VectorParams } from '../types.ts'
import { unknownVector } from '../vector-columns.ts'
import { toVector } from '../vector-input.ts'

/**
 * SHA-256 of one point: its id, its vectors bit for bit, its payload with the keys sorted. A point that is about to be written
 * has the hash that it will have when it is read.
 * @throws what writing it would throw
 */
export function hashOfInput(
  { id, vectors = {}, payload }: PointInput,
  schema: Readonly<Record<string, VectorParams>>,
): Buffer {
  const stored = Object.entries(vectors).map(([name, vector]): [string, VectorValue] => {
    const params = Object.hasOwn(schema, name) ? schema[name] : undefined
    if (params === undefined) throw unknownVector(name)
    return [name, toVector(name, params, vector)]
  })
  return hashOf(idOfWords(wordsOfId(id)), stored, payload)
}

/** The same of a point that was read with all of its vectors and its payload. */
export function hashOfPoint({ id, vectors = {}, payload }: Point): Buffer {
  return hashOf(id, Object.entries(vectors), payload)
}

function hashOf(
  id: PointId,
  vectors: readonly (readonly [name: string, vector: VectorValue])[],
  payload: JsonObject | RawJson | undefined,
): Buffer {
  const hash = createHash('sha256').update(`${String(id)}\n`)
  for (const [name, vector] of vectors.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hashVector(hash, name, vector)
  const value = payload instanceof RawJson ? payload.value() : (payload ?? {})
  return hash.update(`${canonicalJson(value)}\n`).digest()
}

/** The name and the kind of the vector, then its bytes. */
export function hashVector(hash: Hash, name: string, vector: VectorValue): void {
  const label = JSON.stringify(name)
  if (isSparse(vector)) {
    hash.update(`${label} sparse ${vector.indices.length}\n`)
    hash.update(bytesOf(vector.indices))
    hash.update(bytesOf(vector.values))
  } else if (isMulti(vector)) {
    hash.update(`${label} multi ${vector.values.length / vector.dimensions}x${vector.dimensions}\n`)
    hash.update(bytesOf(vector.values))
  } else {
    hash.update(`${label} ${vector.length}\n`)
    hash.update(bytesOf(vector))
  }
}

function bytesOf(array: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
