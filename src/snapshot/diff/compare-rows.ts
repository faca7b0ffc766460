import type { RowRef } from '../../collection/id-order.ts'
import { payloadValue } from '../../collection/row-cursor.ts'
import { canonicalJson } from '../../encoding/json.ts'

// Rows are compared by what they hold, never by the number that wrote them: rows that were imported keep the numbers of
// another database, and rows of a partial restore keep the numbers of rows that held more.

/** Whether any difference is there; cheaper than naming it. */
export function isSameRow(before: RowRef, after: RowRef): boolean {
  return isSamePayload(before, after) && differingVectors(before, after).length === 0
}

/** Names of the vectors that differ in any bit, or that only one of the rows has. */
export function differingVectors(before: RowRef, after: RowRef): readonly string[] {
  const names = new Set([...before.rows.vectors.keys(), ...after.rows.vectors.keys()])
  return [...names].filter((name) => !isSameVector(vectorOf(before, name), vectorOf(after, name)))
}

/** By value, not by spelling. */
export function isSamePayload(before: RowRef, after: RowRef): boolean {
  const [a, b] = [before.rows.payloadAt(before.row), after.rows.payloadAt(after.row)]
  if (Buffer.compare(a, b) === 0) return true
  return canonicalPayload(before) === canonicalPayload(after)
}

export function vectorNames({ rows, row }: RowRef): readonly string[] {
  return [...rows.vectors].filter(([, column]) => column.has(row)).map(([name]) => name)
}

export function hasPayload(ref: RowRef): boolean {
  return ref.rows.payloadAt(ref.row).byteLength > 0 && canonicalPayload(ref) !== '{}'
}

function canonicalPayload({ rows, row }: RowRef): string {
  return canonicalJson(payloadValue(rows, row))
}

function vectorOf({ rows, row }: RowRef, name: string): Float32Array | undefined {
  return rows.vectors.get(name)?.get(row)
}

function isSameVector(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0
}

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}
