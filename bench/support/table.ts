import { styleText } from 'node:util'
import { meetsGoal, type Figure, type Goal, type Side, type Unit } from './figures.ts'

export const figureHeadings = ['measured', 'p50', 'p99', 'compared with', 'p50', 'p99', 'figure', 'goal', '']
const numericColumns = new Set([1, 2, 4, 5, 6, 7])

/** The figures as lines of text, columns aligned. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [figureHeadings, ...figures.map(figureCells)]
  const widths = figureHeadings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        numericColumns.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [lines[0], rule, ...lines.slice(1).map(coloured)].join('\n')
}

/** What a line says, without colours. */
export function figureCells(figure: Figure): readonly string[] {
  const { name, ours, beside, value, unit, goal } = figure
  const met = meetsGoal(figure)
  return [
    name,
    ...quantilesOf(ours),
    beside?.what ?? '',
    ...(beside === undefined ? ['', ''] : quantilesOf(beside)),
    withUnit(value, unit),
    goal === undefined ? '' : goalOf(goal, unit),
    met === undefined ? '' : met ? 'pass' : 'MISS',
  ]
}

function quantilesOf({ p50, p99, unit }: Side): readonly string[] {
  return [withUnit(p50, unit), withUnit(p99, unit)]
}

function goalOf(goal: Goal, unit: Unit): string {
  return 'atMost' in goal ? `<= ${withUnit(goal.atMost, unit)}` : `>= ${withUnit(goal.atLeast, unit)}`
}

function withUnit(value: number, unit: Unit): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return unit === 'x' ? `x ${value.toFixed(2)}` : `${value.toFixed(digits)} ${unit}`
}

function coloured(line: string): string {
  if (line.endsWith('MISS')) return line.replace(/MISS$/, styleText('red', 'MISS'))
  return line.replace(/pass$/, styleText('green', 'pass'))
}
