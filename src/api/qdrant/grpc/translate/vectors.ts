import type { JsonObject, JsonValue } from '../../../../index.ts'
import { VectorRows } from '../../translate/vectors.ts'
import { malformed } from '../status.ts'
import type { Fields } from './fields.ts'
import { given, jsonMap, jsonOf, pointIdOf } from './values.ts'

/** The vectors of a point. @throws StatusError */
export function vectorsOf(vectors: Fields): JsonValue {
  const named = vectors.sub('vectors')
  if (named !== undefined) {
    return Object.fromEntries(named.entries('vectors').map(([name, vector]) => [name, vectorOf(vector)]))
  }
  const vector = vectors.sub('vector')
  if (vector === undefined) throw malformed('No Vector Provided')
  if (isSparse(vector)) throw malformed('Sparse vector must be named')
  return vectorOf(vector)
}

function isSparse(vector: Fields): boolean {
  if (vector.has('sparse')) return true
  return !hasKind(vector) && vector.has('indices')
}

const hasKind = (vector: Fields): boolean =>
  vector.which('dense', 'multi_dense', 'document', 'image', 'object') !== undefined

/** Also in the form of older clients, which tell the kind by what stands beside the numbers. */
export function vectorOf(vector: Fields): JsonValue {
  const kind = kindOf(vector)
  if (kind !== undefined) return kind
  const data = finite(vector, 'data')
  const indices = vector.sub('indices')
  if (indices !== undefined) return { indices: indices.integers('data'), values: data }
  const rows = vector.integer('vectors_count')
  return rows === undefined ? data : rowsOf(data, Number(rows))
}

function rowsOf(data: readonly number[], count: number): JsonValue {
  const width = data.length / count
  if (count === 0 || data.length === 0 || !Number.isInteger(width)) {
    const why =
      count === 0 || data.length === 0
        ? `Empty multi-vector data with vectors count: ${count}`
        : `Data length is not divisible by vectors count. Data length: ${data.length}, vectors count: ${count}`
    throw malformed(`Unable to convert to multi-dense vector: Validation error: ${why}`)
  }
  return VectorRows.from({ length: count }, (_, row) => data.slice(row * width, (row + 1) * width))
}

function kindOf(vector: Fields): JsonValue | undefined {
  const dense = vector.sub('dense')
  if (dense !== undefined) return finite(dense, 'data')
  const sparse = vector.sub('sparse')
  if (sparse !== undefined) return { indices: sparse.integers('indices'), values: finite(sparse, 'values') }
  const multi = vector.sub('multi_dense')
  if (multi !== undefined) return VectorRows.from(multi.subs('vectors'), (row) => finite(row, 'data'))
  const document = vector.sub('document')
  if (document !== undefined) return { text: document.words('text'), ...modelOf(document) }
  const image = vector.sub('image')
  if (image !== undefined) return { image: contentOf(image, 'image'), ...modelOf(image) }
  const object = vector.sub('object')
  if (object !== undefined) return { object: contentOf(object, 'object'), ...modelOf(object) }
  return undefined
}

/** JSON has no numbers but these, and nothing can be compared with others. */
function finite(holder: Fields, name: string): readonly number[] {
  const values = holder.floats(name)
  for (const value of values) {
    if (!Number.isFinite(value))
      throw malformed(`Wrong input: a vector holds ${value}, which is no finite number`)
  }
  return values
}

function modelOf(object: Fields): JsonObject {
  return given({
    model: object.words('model'),
    options: object.hasEntries('options') ? jsonMap(object, 'options') : undefined,
  })
}

function contentOf(object: Fields, name: string): JsonValue {
  const content = object.sub(name)
  if (content === undefined) throw malformed(`Empty ${name} value is not allowed`)
  return jsonOf(content)
}

/** An id, or a vector, of a query. @throws StatusError */
export function vectorInputOf(input: Fields): JsonValue {
  const id = input.sub('id')
  if (id !== undefined) return pointIdOf(id)
  const vector = kindOf(input)
  if (vector === undefined) throw malformed('VectorInput variant is missing')
  return vector
}
