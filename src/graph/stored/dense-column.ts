import { VectorColumn } from '../vector-column.ts'
import { StoredColumn } from './stored-column.ts'

/** Vectors of one size, a row each or none: in memory, or in a file with codes of them in memory. */
export type DenseColumn = VectorColumn | StoredColumn

export function isDenseColumn(column: object | undefined): column is DenseColumn {
  return column instanceof VectorColumn || column instanceof StoredColumn
}
