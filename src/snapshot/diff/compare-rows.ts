import type { RowRef } from '../../collection/id-order.ts'
import { payloadValue } from '../../collection/row-cursor.ts'
import { columnOf, vectorAt, type VectorSchema } from '../../collection/vector-columns.ts'
import { canonicalJson } from '../../encoding/json.ts'
import { isMulti, isSparse, type VectorValue } from '../../graph/vector-value.ts'

// Rows are compared by what they hold, never by the number that wrote them: rows that were imported keep the numbers of
// another database, and rows of a partial restore keep the numbers of rows that held more.

/** A row with the vectors that its side declares. */
export interface SideRow extends RowRef {
  readonly vectors: VectorSchema
}

/** Whether any difference is there; cheaper than naming it. */
export function isSameRow(before: SideRow, after: SideRow): boolean {
  return isSamePayload(before, after) && differingVectors(before, after).length === 0
}

/** Names of the vectors that differ in any bit, or that only one of the rows has. */
export function differingVectors(before: SideRow, after: SideRow): readonly string[] {
  const names = new Set([...Object.keys(before.vectors), ...Object.keys(after.vectors)])
  return [...names].filter(
    (name) => !isSameVector(vectorAt(before, before.vectors, name), vectorAt(after, after.vectors, name)),
  )
}

/** By value, not by spelling. */
export function isSamePayload(before: RowRef, after: RowRef): boolean {
  const [a, b] = [before.rows.payloadAt(before.row), after.rows.payloadAt(after.row)]
  if (Buffer.compare(a, b) === 0) return true
  return canonicalPayload(before) === canonicalPayload(after)
}

export function vectorNames({ rows, row, vectors }: SideRow): readonly string[] {
  return Object.keys(vectors).filter((name) => columnOf(rows, vectors, name)?.has(row) ?? false)
}

export function hasPayload(ref: RowRef): boolean {
  return ref.rows.payloadAt(ref.row).byteLength > 0 && canonicalPayload(ref) !== '{}'
}

function canonicalPayload({ rows, row }: RowRef): string {
  return canonicalJson(payloadValue(rows, row))
}

function isSameVector(a: VectorValue | undefined, b: VectorValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  if (isSparse(a) || isSparse(b)) {
    return isSparse(a) && isSparse(b) && isSame(a.indices, b.indices) && isSame(a.values, b.values)
  }
  if (isMulti(a) || isMulti(b)) {
    return isMulti(a) && isMulti(b) && a.dimensions === b.dimensions && isSame(a.values, b.values)
  }
  return isSame(a, b)
}

function isSame(a: Float32Array | Uint32Array, b: Float32Array | Uint32Array): boolean {
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0
}

function bytesOf(array: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
