import type { JsonValue, PointInput, VectorInput, VectorParams } from '../../../index.ts'
import {
  DecodeError,
  isArray,
  isObject,
  list,
  memberOf,
  numberOf,
  required,
  struct,
  unsigned,
  untagged,
  type Decoder,
} from '../decode.ts'
import { invalid, wrongInput } from '../failures.ts'
import { WireError } from '../wire-error.ts'

export interface SparseVector {
  readonly indices: readonly number[]
  readonly values: readonly number[]
}

/** Floats where they were read as such. */
export type Components = readonly number[] | Float32Array

/** A vector as the client sent it. */
export type GivenVector =
  | { readonly kind: 'dense'; readonly values: Components }
  | { readonly kind: 'multi'; readonly rows: readonly Components[] }
  | ({ readonly kind: 'sparse' } & SparseVector)
  | { readonly kind: 'inference' }

export type GivenVectors = Readonly<Record<string, GivenVector>>
/** The vectors of a collection, by name. */
export type KnownVectors = Readonly<Record<string, VectorParams>>

/** A list of numbers. Plain doubles, as almost all are, are handed on as they are. */
export function numbers(value: JsonValue): readonly number[] {
  if (!isArray(value)) throw new DecodeError('not a list', 'after')
  for (let i = 0; i < value.length; i++) {
    if (typeof value[i] !== 'number') return value.map(number)
  }
  return value as readonly number[]
}

function number(value: JsonValue): number {
  const found = numberOf(value)
  if (found === undefined) throw new DecodeError('not a number', 'after')
  return found
}

const dense: Decoder<GivenVector> = (value) => ({ kind: 'dense', values: numbers(value) })
const multi: Decoder<GivenVector> = (value) => ({ kind: 'multi', rows: list(numbers)(value) })
const sparseStruct = struct('SparseVector', {
  indices: required(list(unsigned('u32', 2 ** 32 - 1))),
  values: required(numbers as Decoder<readonly number[]>),
})
const sparse: Decoder<GivenVector> = (value) => {
  if (value instanceof VectorRows) throw new DecodeError('rows of several vectors', 'after')
  return { kind: 'sparse', ...sparseStruct(value) }
}

/**
 * Several vectors that are known to be so. In JSON two rows of whole numbers are taken for the indices and the values of a
 * sparse vector, as in Qdrant; a message tells which of the two is meant.
 */
export class VectorRows extends Array<JsonValue> {}

/** A text, an image or another thing that a model would turn into a vector. */
const inference: Decoder<GivenVector> = (value) => {
  const isThing =
    isObject(value) && ['text', 'image', 'object'].some((name) => memberOf(value, name) !== undefined)
  if (!isThing || typeof memberOf(value, 'model') !== 'string')
    throw new DecodeError('no inference object', 'after')
  return { kind: 'inference' }
}

/** A vector under a name, in a query, or of an example. */
export const oneVector = untagged<GivenVector>('Vector', dense, sparse, multi, inference)

/** The vectors of a point: one without a name, or several by name. */
export const vectorStruct: Decoder<GivenVectors> = untagged<GivenVectors>(
  'VectorStruct',
  (value) => ({ '': dense(value) }),
  (value) => ({ '': multi(value) }),
  (value) => byName(value),
  (value) => ({ '': inference(value) }),
)

function byName(value: JsonValue): GivenVectors {
  if (!isObject(value)) throw new DecodeError('no map', 'after')
  return Object.fromEntries(Object.entries(value).map(([name, vector]) => [name, oneVector(vector)]))
}

/** What the validator says of a vector; undefined if nothing. */
export function faultOf(vector: GivenVector): string | undefined {
  switch (vector.kind) {
    case 'dense':
      return vector.values.length === 0 ? 'vector: dense vector must not be empty' : undefined
    case 'multi':
      return faultOfRows(vector.rows)
    case 'sparse':
      return faultOfSparse(vector)
    case 'inference':
      return undefined
  }
}

function faultOfRows(rows: readonly Components[]): string | undefined {
  if (rows.length === 0 || rows.some((row) => row.length === 0)) return 'data: all vectors must be non-empty'
  const other = rows.find((row) => row.length !== rows[0]!.length)
  return other === undefined
    ? undefined
    : `data: all vectors must have the same dimension, found vector with dimension ${other.length}`
}

function faultOfSparse({ indices, values }: SparseVector): string | undefined {
  if (indices.length !== values.length)
    return 'values: Validation error: must be the same length as indices [{}]'
  const isUnique = new Set(indices).size === indices.length
  return isUnique ? undefined : 'indices: Validation error: must be unique [{}]'
}

/** @throws WireError 422; `isNamed` if the vectors were given by name, which the validator does not tell */
export function checkVectors(vectors: GivenVectors, field: string, isNamed: boolean): void {
  for (const name of Object.keys(vectors)) {
    const fault = faultOf(vectors[name]!)
    if (fault !== undefined) throw invalid(`${field}${isNamed ? '.?' : ''}.${fault}`)
  }
}

export const noInference = (): WireError =>
  new WireError(
    500,
    'Service internal error: InferenceService URL not configured - please provide valid address in config',
  )

/** A vector for a dense field. @throws WireError 400 */
export function denseValues(vector: GivenVector): Components {
  switch (vector.kind) {
    case 'dense':
      return vector.values
    case 'multi':
      throw wrongInput('Conversion between multi and regular vectors failed')
    case 'sparse':
      throw wrongInput('Conversion between sparse and regular vectors failed')
    case 'inference':
      throw noInference()
  }
}

/** A vector as the field of these parameters takes it. @throws WireError 400 for another kind; sizes are not compared */
export function valueFor(params: VectorParams, vector: GivenVector): VectorInput {
  if (vector.kind === 'inference') throw noInference()
  switch (params.kind ?? 'dense') {
    case 'dense':
      return denseValues(vector)
    case 'sparse':
      if (vector.kind === 'sparse') return { indices: vector.indices, values: vector.values }
      throw conversion(vector.kind === 'multi' ? 'multi' : 'sparse')
    case 'multi':
      if (vector.kind === 'sparse') throw conversion('sparse')
      return vector.kind === 'multi' ? vector.rows : [vector.values]
  }
}

const conversion = (kind: 'multi' | 'sparse'): WireError =>
  wrongInput(`Conversion between ${kind} and regular vectors failed`)

/** The first size of a vector that is not that of its field; undefined if there is none. */
export function wrongSize(params: VectorParams, vector: GivenVector): number | undefined {
  switch (vector.kind) {
    case 'dense':
      return vector.values.length === params.size ? undefined : vector.values.length
    case 'multi':
      return vector.rows.find((row) => row.length !== params.size)?.length
    case 'sparse':
    case 'inference':
      return undefined
  }
}

/**
 * The vectors as the engine takes them. @throws WireError 400 for names and sizes that are not the collection's;
 * `tellsName` as Qdrant does for points, and does not for updates of vectors.
 */
export function engineVectors(
  vectors: GivenVectors,
  known: KnownVectors,
  tellsName: boolean,
): NonNullable<PointInput['vectors']> {
  // Most points have one vector, and a name like __proto__ has to be a key like any other.
  const found: [string, VectorInput][] = []
  for (const name of Object.keys(vectors)) {
    const vector = vectors[name]!
    if (vector.kind === 'inference') throw noInference()
    const params = knownVector(known, name)
    const value = valueFor(params, vector)
    const size = wrongSize(params, vector)
    if (size !== undefined) {
      const where = tellsName && name !== '' ? ` for vector '${name}'` : ''
      throw wrongInput(`Vector dimension error: expected dim: ${params.size}, got ${size}${where}`)
    }
    found.push([name, value])
  }
  return Object.fromEntries(found)
}

/** @throws WireError 400 */
export function knownVector(known: KnownVectors, name: string): VectorParams {
  const params = Object.hasOwn(known, name) ? known[name] : undefined
  if (params === undefined) throw wrongInput(`Not existing vector name error: ${name}`)
  return params
}
