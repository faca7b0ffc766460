export interface Column<T> {
  readonly title: string
  readonly text: (row: T) => string
  /** Numbers stand to the right. */
  readonly isNumber?: boolean
}

/** Aligned columns under their titles. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = rows.map((row) => columns.map(({ text }) => oneLine(text(row))))
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => widthOf(row[index]!))),
  )
  const lineOf = (row: readonly string[]): string =>
    row
      .map((cell, index) => {
        const space = ' '.repeat(widths[index]! - widthOf(cell))
        return columns[index]!.isNumber === true ? space + cell : cell + space
      })
      .join('  ')
      .trimEnd()
  return [columns.map(({ title }) => title), ...cells].map(lineOf).join('\n')
}

/** Names before values, one a line; those without a value are left out. */
export function facts(pairs: readonly (readonly [name: string, value: string])[]): string {
  const told = pairs.filter(([, value]) => value !== '')
  const width = Math.max(0, ...told.map(([name]) => name.length))
  return told.map(([name, value]) => `${name.padEnd(width)}  ${oneLine(value)}`.trimEnd()).join('\n')
}

/** In characters, not in code units. */
function widthOf(text: string): number {
  return [...text].length
}

/** What a name holds must not move the cursor of a terminal. */
function oneLine(text: string): string {
  return text.replace(
    /[\0-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
