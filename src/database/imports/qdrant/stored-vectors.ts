import type { VectorParams } from '../../../collection/types.ts'
import { columnNameOf, type VectorSchema } from '../../../collection/vector-columns.ts'
import { isMulti, isSparse, type VectorValue } from '../../../graph/vector-value.ts'
import { isDenseRows, type VectorBlock } from '../../../segment/row-block.ts'
import { invalidEntry } from '../../../snapshot/archive/archive-error.ts'
import type { QdrantBlock } from '../../../snapshot/qdrant/types.ts'

/**
 * Vectors as a segment of the archive stores them, by column: taken bit for bit, as they have been normalised and rounded
 * before. Names that the collection does not have are left out.
 * @throws archive-invalid for vectors of another kind or size
 */
export function storedVectors(
  segment: string,
  { slots, vectors }: QdrantBlock,
  schema: VectorSchema,
  onDropped: (name: string) => void,
): Readonly<Record<string, VectorBlock>> {
  const columns: Record<string, VectorBlock> = {}
  for (const [name, column] of vectors) {
    const params = Object.hasOwn(schema, name) ? schema[name]! : undefined
    if (params === undefined) {
      if (hasValue(column)) onDropped(name)
      continue
    }
    const found = misfitOf(column, params)
    if (found !== undefined) {
      const slot = slots[found.index]
      throw invalidEntry(segment, `vector ${JSON.stringify(name)} of slot ${slot!} ${found.why}`, {
        slot,
        vector: name,
      })
    }
    columns[columnNameOf(name, params)] = column
  }
  return columns
}

function hasValue(column: VectorBlock): boolean {
  if (isDenseRows(column)) return column.present === undefined || column.present.includes(1)
  return column.some((value) => value !== undefined)
}

/** The first value that the collection's vectors are not like. */
function misfitOf(
  column: VectorBlock,
  params: VectorParams,
): { readonly index: number; readonly why: string } | undefined {
  const { kind = 'dense', size } = params
  if (isDenseRows(column)) {
    const { dimensions, present } = column
    const index = present === undefined ? 0 : present.indexOf(1)
    if (index < 0) return undefined
    if (kind !== 'dense') return { index, why: `is dense, the collection's is ${kind}` }
    if (dimensions === size) return undefined
    return { index, why: `has ${dimensions} dimensions, the collection's has ${size}` }
  }
  for (const [index, value] of column.entries()) {
    const why = value && misfit(value, params)
    if (why !== undefined) return { index, why }
  }
  return undefined
}

function misfit(value: VectorValue, { kind = 'dense', size }: VectorParams): string | undefined {
  const found = value instanceof Float32Array ? 'dense' : isSparse(value) ? 'sparse' : 'multi'
  if (found !== kind) return `is ${found}, the collection's is ${kind}`
  const dimensions = value instanceof Float32Array ? value.length : isMulti(value) ? value.dimensions : size
  if (dimensions !== size) return `has ${dimensions} dimensions, the collection's has ${size}`
  return undefined
}
