/** Rows of a column that follow each other in a file, each `strideOf(dimensions)` floats. */
export interface RowRun {
  /** Of the first one, in the file. */
  readonly offset: number
  readonly rowCount: number
}
