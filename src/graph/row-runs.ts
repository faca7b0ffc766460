/** Rows of a column that follow each other in a file, each `strideOf(dimensions)` floats. Lists are in the order of rows and of the file. */
export interface RowRun {
  /** Of the first one, in the file. */
  readonly offset: number
  readonly rowCount: number
}

/** The parts of `count` rows from `firstRow` on that lie in one run each. */
export function* runsWithin(
  runs: readonly RowRun[],
  rowBytes: number,
  firstRow: number,
  count: number,
): Iterable<RowRun> {
  const end = firstRow + count
  let first = 0
  for (const { offset, rowCount } of runs) {
    const from = Math.max(first, firstRow)
    const to = Math.min(first + rowCount, end)
    if (from < to) yield { offset: offset + (from - first) * rowBytes, rowCount: to - from }
    first += rowCount
    if (first >= end) return
  }
}
