import { keptMemory } from '../../../../runtime/kept-memory.ts'
import { yieldToEventLoop } from '../../../../runtime/yield.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import type { FieldData } from '../field-data.ts'
import { readColumns, type ColumnSet } from './column-set.ts'
import { checkFinite } from './vector-column.ts'

/** Components that are looked at between two looks at the event loop: a millisecond. */
const sliceFloats = 2 ** 19

/** The rows of a write, with looks at the event loop where they have many components. @throws 1100, 1001, 65535 */
export async function readRows(
  model: CollectionModel,
  columns: readonly FieldData[],
  rowCount: number,
): Promise<ColumnSet> {
  const rows = readColumns(model, columns, rowCount)
  let floats = 0
  for (const values of rows.vectors.values()) {
    for (const value of values) {
      if (!(value instanceof Float32Array)) continue
      checkFinite(value)
      floats += value.length
      if (floats < sliceFloats) continue
      floats = 0
      await yieldToEventLoop()
    }
  }
  return rows
}

/** The write is on disk and applied, or refused: nobody looks into its columns any more. */
export function giveBackColumns(columns: readonly FieldData[]): void {
  for (const { scalars, vectors } of columns) {
    for (const floats of [vectors?.float_vector, scalars?.float_data])
      if (floats?.data instanceof Float32Array) keptMemory.give(floats.data.buffer)
  }
}
