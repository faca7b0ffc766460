import { bar, colourOf, dot, drawing, label, line, polyline } from './svg.ts'

export interface Series {
  readonly name: string
  readonly points: readonly {
    readonly recall: number
    readonly perSecond: number
    /** Shown where somebody points at it. */
    readonly note: string
  }[]
}

const size = { width: 760, height: 420 }
const plot = { left: 70, right: 560, top: 40, bottom: 370 }
const recallTicks = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999]
const recallRange = [0.5, 0.9995] as const

/** Recall against speed, up and to the right is better. Both axes are logarithmic: of what is missed, and of the speed. */
export function curveChart(title: string, series: readonly Series[]): string {
  const speeds = series.flatMap(({ points }) => points.map(({ perSecond }) => perSecond))
  if (speeds.length === 0) throw new Error(`There is nothing to draw: ${title}`)
  const low = 10 ** Math.floor(Math.log10(Math.min(...speeds)))
  const high = 10 ** Math.ceil(Math.log10(Math.max(...speeds) * 1.01))
  const x = (recall: number) => {
    const shown = Math.min(Math.max(recall, recallRange[0]), recallRange[1])
    return scaled(
      Math.log(1 - recallRange[0]),
      Math.log(1 - recallRange[1]),
      Math.log(1 - shown),
      plot.left,
      plot.right,
    )
  }
  const y = (speed: number) => scaled(Math.log(low), Math.log(high), Math.log(speed), plot.bottom, plot.top)
  const parts = [
    label(plot.left, 22, title, 'start', ' font-size="15" font-weight="600"'),
    ...recallTicks.flatMap((tick) => [
      line([x(tick), plot.top], [x(tick), plot.bottom]),
      label(x(tick), plot.bottom + 18, String(tick), 'middle'),
    ]),
    ...powersOfTen(low, high).flatMap((tick) => [
      line([plot.left, y(tick)], [plot.right, y(tick)]),
      label(plot.left - 8, y(tick) + 4, tick.toLocaleString('en'), 'end'),
    ]),
    label((plot.left + plot.right) / 2, plot.bottom + 38, 'recall@10', 'middle'),
    label(plot.left, plot.top - 6, 'queries/s'),
  ]
  series.forEach(({ name, points }, at) => {
    const colour = colourOf(at)
    const places = points.map(({ recall, perSecond }) => [x(recall), y(perSecond)] as const)
    parts.push(polyline(places, colour))
    points.forEach(({ note }, which) => parts.push(dot(places[which]!, colour, note)))
    parts.push(bar(plot.right + 18, plot.top + at * 22, { width: 12, height: 12 }, colour))
    parts.push(label(plot.right + 36, plot.top + at * 22 + 10, name))
  })
  return drawing(size, parts)
}

function scaled(from: number, to: number, value: number, low: number, high: number): number {
  return low + ((value - from) / (to - from)) * (high - low)
}

function powersOfTen(low: number, high: number): readonly number[] {
  const count = Math.round(Math.log10(high / low)) + 1
  return Array.from({ length: count }, (_, i) => low * 10 ** i)
}
