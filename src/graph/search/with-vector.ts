import type { DenseColumn } from '../stored/dense-column.ts'
import type { GraphTask, ScanTask } from './vector-searcher.ts'

/** The task with the rows of the column that have no vector among those that are no hits. */
export function withVector<T extends Pick<GraphTask & ScanTask, 'passing' | 'rowLimit' | 'isKept'>>(
  task: T,
  column: DenseColumn,
): T {
  if (column.presentCount === column.rowCount) return task
  return { ...task, passing: presentOf(column, task), isKept: false }
}

function presentOf(
  { presence }: DenseColumn,
  { passing, rowLimit }: Pick<ScanTask, 'passing' | 'rowLimit'>,
): Uint32Array {
  const words = Math.ceil(rowLimit / 32)
  const mask = new Uint32Array(words)
  for (let i = 0; i < words; i++)
    mask[i] = (presence[i] ?? 0) & (passing === undefined ? -1 : (passing[i] ?? 0))
  return mask
}
