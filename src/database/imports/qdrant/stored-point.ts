import type { VectorParams } from '../../../collection/types.ts'
import { columnNameOf, type VectorSchema } from '../../../collection/vector-columns.ts'
import { isMulti, isSparse, type VectorValue } from '../../../graph/vector-value.ts'
import { invalidEntry } from '../../../snapshot/archive/archive-error.ts'
import type { QdrantPoint } from '../../../snapshot/qdrant/types.ts'

export type RowVectors = Readonly<Record<string, VectorValue | undefined>>

/**
 * Vectors as a segment of the archive stores them, by column: taken bit for bit, as they have been normalised and rounded
 * before. Names that the collection does not have are left out.
 * @throws archive-invalid for vectors of another kind or size, and for components that are no numbers
 */
export function storedVectors(
  segment: string,
  { slot, vectors }: QdrantPoint,
  schema: VectorSchema,
  onDropped: (name: string) => void,
): RowVectors {
  const columns: Record<string, VectorValue | undefined> = {}
  for (const name of Object.keys(vectors)) {
    const params = Object.hasOwn(schema, name) ? schema[name]! : undefined
    if (params === undefined) {
      onDropped(name)
      continue
    }
    const value = valueOf(vectors[name]!)
    const problem = misfit(value, params)
    if (problem !== undefined)
      throw invalidEntry(segment, `vector ${JSON.stringify(name)} of slot ${slot} ${problem}`, {
        slot,
        vector: name,
      })
    columns[columnNameOf(name, params)] = value
  }
  return columns
}

function valueOf(given: QdrantPoint['vectors'][string]): VectorValue {
  if (given instanceof Float32Array || !('indices' in given)) return given
  const { indices, values } = given
  if (indices instanceof Uint32Array && values instanceof Float32Array) return { indices, values }
  return { indices: Uint32Array.from(indices), values: Float32Array.from(values) }
}

function misfit(value: VectorValue, { kind = 'dense', size }: VectorParams): string | undefined {
  const found = value instanceof Float32Array ? 'dense' : isSparse(value) ? 'sparse' : 'multi'
  if (found !== kind) return `is ${found}, the collection's is ${kind}`
  const values = value instanceof Float32Array ? value : value.values
  const dimensions = value instanceof Float32Array ? value.length : isMulti(value) ? value.dimensions : size
  if (dimensions !== size) return `has ${dimensions} dimensions, the collection's has ${size}`
  // Infinite components are numbers.
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i]!)) return `has no number at ${i}`
  return undefined
}
