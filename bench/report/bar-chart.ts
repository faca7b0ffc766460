import { bar, colourOf, drawing, label } from './svg.ts'

export interface BarGroup {
  readonly name: string
  /** Undefined: not measured, or never reached. */
  readonly values: readonly (number | undefined)[]
}

const width = 760
const left = 190
const right = 670
const rowHeight = 16
const groupGap = 14
const top = 62

/** Bars side by side, a group for each engine. Everybody stays in, also those that have no value. */
export function barChart(
  title: string,
  {
    unit,
    series,
    groups,
  }: { readonly unit: string; readonly series: readonly string[]; readonly groups: readonly BarGroup[] },
): string {
  const longest = Math.max(...groups.flatMap(({ values }) => values.map((value) => value ?? 0)))
  const groupHeight = series.length * rowHeight + groupGap
  const parts = [label(left, 22, title, 'start', ' font-size="15" font-weight="600"')]
  series.forEach((name, at) => {
    parts.push(bar(left + at * 130, 36, { width: 12, height: 12 }, colourOf(at)))
    parts.push(label(left + at * 130 + 18, 46, name))
  })
  groups.forEach(({ name, values }, group) => {
    const groupTop = top + group * groupHeight
    parts.push(label(left - 10, groupTop + (series.length * rowHeight) / 2 + 4, name, 'end'))
    values.forEach((value, at) => {
      const y = groupTop + at * rowHeight
      const length = value === undefined || longest === 0 ? 0 : ((right - left) * value) / longest
      parts.push(bar(left, y + 1, { width: length, height: rowHeight - 3 }, colourOf(at)))
      const words = value === undefined ? 'none' : Math.round(value).toLocaleString('en')
      parts.push(label(left + length + 6, y + 12, words))
    })
  })
  const height = top + groups.length * groupHeight + 20
  parts.push(label(right, height - 8, unit, 'end'))
  return drawing({ width, height }, parts)
}
