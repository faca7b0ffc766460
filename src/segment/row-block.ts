import type { VectorValue } from '../graph/vector-value.ts'
import { assert } from '../runtime/assert.ts'
import type { DenseRows } from '../graph/vector-column.ts'
import { pickIds, type IdColumnImage } from './id-column.ts'

/** Texts one behind the other. */
export interface TextBlock {
  readonly bytes: Uint8Array
  /** Text i begins where the one before ends, the first at 0. */
  readonly ends: Uint32Array
}

/** Vectors of some rows, one value or none for each: dense ones together, others one by one. */
export type VectorBlock = DenseRows | readonly (VectorValue | undefined)[]

/** Rows column by column, to be appended at once. */
export interface RowBlock {
  readonly rowCount: number
  readonly ids: IdColumnImage
  /** The number that wrote each row. */
  readonly written: Float64Array
  /** Of each row the text of a JSON object; may be empty for `{}`. */
  readonly payloads: TextBlock
  /** By the names of a set's vectors; those that are absent stay absent in all rows. */
  readonly vectors: Readonly<Record<string, VectorBlock | undefined>>
}

export function isDenseRows(vectors: VectorBlock): vectors is DenseRows {
  return 'floats' in vectors
}

/** Value `index` of a block; dense ones are views. */
export function valueAt(vectors: VectorBlock, index: number): VectorValue | undefined {
  if (!isDenseRows(vectors)) return vectors[index]
  const { floats, dimensions, present } = vectors
  if (present?.[index] === 0) return undefined
  return floats.subarray(index * dimensions, (index + 1) * dimensions)
}

/** Some rows of a block, which ascend, as one of their own. Copies, but for vectors that are not dense. */
export function selectRows(block: RowBlock, rows: Uint32Array): RowBlock {
  const { ids, written, payloads, vectors } = block
  const selected: Record<string, VectorBlock | undefined> = {}
  for (const name of Object.keys(vectors)) {
    const column = vectors[name]
    if (column !== undefined) selected[name] = selectVectors(column, rows)
  }
  return {
    rowCount: rows.length,
    ids: pickIds(ids, rows),
    written: Float64Array.from(rows, (row) => written[row]!),
    payloads: selectTexts(payloads, rows),
    vectors: selected,
  }
}

function selectTexts({ bytes, ends }: TextBlock, rows: Uint32Array): TextBlock {
  const startOf = (row: number): number => (row === 0 ? 0 : ends[row - 1]!)
  const selected = new Uint32Array(rows.length)
  let end = 0
  for (let i = 0; i < rows.length; i++) selected[i] = end += ends[rows[i]!]! - startOf(rows[i]!)
  const texts = new Uint8Array(end)
  for (let i = 0, at = 0; i < rows.length; at = selected[i++]!)
    texts.set(bytes.subarray(startOf(rows[i]!), ends[rows[i]!]), at)
  return { bytes: texts, ends: selected }
}

function selectVectors(vectors: VectorBlock, rows: Uint32Array): VectorBlock {
  if (!isDenseRows(vectors)) return Array.from(rows, (row) => vectors[row])
  const { floats, dimensions, present } = vectors
  const selected = new Float32Array(rows.length * dimensions)
  for (let i = 0; i < rows.length; i++)
    selected.set(floats.subarray(rows[i]! * dimensions, (rows[i]! + 1) * dimensions), i * dimensions)
  return {
    dimensions,
    floats: selected,
    present: present && Uint8Array.from(rows, (row) => present[row]!),
  }
}

/** @throws InvariantViolation if the columns are not equally long */
export function checkBlock({ rowCount, ids, written, payloads, vectors }: RowBlock): void {
  const lengths = [ids.kinds.length, ids.words.length / 4, written.length, payloads.ends.length]
  for (const name of Object.keys(vectors)) {
    const column = vectors[name]
    if (column === undefined) continue
    if (!isDenseRows(column)) lengths.push(column.length)
    else lengths.push(column.floats.length / column.dimensions, column.present?.length ?? rowCount)
  }
  assert(
    lengths.every((length) => length === rowCount),
    'the columns of a block are equally long',
  )
}
