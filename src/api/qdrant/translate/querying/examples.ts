import type { JsonValue } from '../../../../index.ts'
import { isArray, isObject, list, required, struct, type Decoder } from '../../decode.ts'
import { pointId } from '../point-id.ts'
import { oneVector } from '../vectors.ts'
import type { GivenExample, GivenPair } from './given-query.ts'

/** A point's id, or a vector of any kind. */
export const example: Decoder<GivenExample> = (value) => {
  if (isArray(value) || isObject(value)) return { kind: 'vector', vector: oneVector(value) }
  return { kind: 'point', id: pointId(value) }
}

const pair = struct<GivenPair>('ContextPair', { positive: required(example), negative: required(example) })

/** One pair or several; null is none. */
export const contextPairs: Decoder<readonly GivenPair[]> = (value: JsonValue) => {
  if (value === null) return []
  return isArray(value) ? list(pair)(value) : [pair(value)]
}

export const exampleList = list(example)
export const pairList: Decoder<readonly GivenPair[]> = list(pair)
