import { DatabaseError } from '../errors/database-error.ts'
import type { VectorValue } from '../graph/vector-value.ts'
import type { DeclaredVectors, RowSet, RowVectors } from '../segment/row-set.ts'
import type { VectorParams } from './types.ts'

// A segment keeps each vector in a column. Names may come back: a vector that was dropped and one of the same name that was
// added later are different columns, so that the later one never shows what the first one held.

export type VectorSchema = Readonly<Record<string, VectorParams>>

export function columnNameOf(name: string, params: VectorParams): string {
  return params.column ?? name
}

/** The vectors of that name in these rows; undefined if the schema has no such vector, or the rows have none of it. */
export function columnOf(rows: RowSet, vectors: VectorSchema, name: string): RowVectors | undefined {
  if (!Object.hasOwn(vectors, name)) return undefined
  return rows.vectors.get(columnNameOf(name, vectors[name]!))
}

/** A copy. */
export function vectorAt(
  { rows, row }: { readonly rows: RowSet; readonly row: number },
  vectors: VectorSchema,
  name: string,
): VectorValue | undefined {
  return columnOf(rows, vectors, name)?.get(row)
}

/** Columns of new rows. */
export function declaredColumns(vectors: VectorSchema): DeclaredVectors {
  return Object.fromEntries(
    Object.entries(vectors).map(([name, params]) => [
      columnNameOf(name, params),
      { kind: params.kind ?? 'dense', dimensions: params.size },
    ]),
  )
}

/** All vectors of a row by column, to append it elsewhere. */
export function columnValues(
  rows: RowSet,
  row: number,
  vectors: VectorSchema,
): Record<string, VectorValue | undefined> {
  const values: Record<string, VectorValue | undefined> = {}
  for (const name of Object.keys(vectors)) {
    const column = columnNameOf(name, vectors[name]!)
    values[column] = rows.vectors.get(column)?.get(row)
  }
  return values
}

/** For a vector that is added later, with a text that never comes again: no column returns, whatever is imported meanwhile. */
export function laterColumn(name: string, unique: string): string {
  return `${name}@${unique}`
}

/** Where vectors are kept is not for callers to say. */
export function withoutColumns(vectors: VectorSchema): VectorSchema {
  return Object.fromEntries(
    Object.entries(vectors).map(([name, { column: _, ...params }]): [string, VectorParams] => [name, params]),
  )
}

export function unknownVector(name: string): DatabaseError {
  return new DatabaseError(
    'vector-unknown',
    `Cannot use vector "${name}": the collection has no such vector`,
    { name },
  )
}
