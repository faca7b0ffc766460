import { mkdir, readdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sizes } from '../support/context.ts'
import type { MeasuredOn } from '../support/environment.ts'
import type { Figure } from '../support/figures.ts'
import { speedAt } from '../search/curve.ts'
import { recalls, type DataSetResults, type SearchResults } from '../search/results.ts'
import { barChart } from './bar-chart.ts'
import { curveChart } from './curve-chart.ts'
import { markdownOf } from './markdown.ts'

/** One run, whole. */
export interface Report {
  readonly measuredOn: MeasuredOn
  readonly quick: boolean
  readonly seed: number
  readonly sizes: Sizes
  readonly seconds: number
  readonly loadAfter: number
  readonly figures: readonly (Figure & { readonly met: boolean | undefined })[]
  /** Benches that ended with an error. */
  readonly failed: readonly string[]
  readonly search?: SearchResults
}

export function jsonOf(report: Report): string {
  return `${JSON.stringify(report, undefined, 2)}\n`
}

/** Writes results.json, README.md and the charts into the folder, in place of those of an earlier run. */
export async function writeReport(folder: string, report: Report): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(folder)) if (name.endsWith('.svg')) await unlink(join(folder, name))
  await writeFile(join(folder, 'results.json'), jsonOf(report))
  for (const data of report.search?.dataSets ?? []) {
    const { curves, bars } = chartFiles(data)
    await writeFile(join(folder, curves), curvesOf(data))
    await writeFile(join(folder, bars), barsOf(data))
  }
  await writeFile(join(folder, 'README.md'), markdownOf(report))
}

export function chartFiles({ kind, rows, dimensions }: DataSetResults) {
  const base = `${kind}-${rows}x${dimensions}`
  return { curves: `${base}-recall.svg`, bars: `${base}-speed.svg` }
}

function curvesOf({ name, engines }: DataSetResults): string {
  const series = engines.map(({ engine, curve, description }) => ({
    name: engine,
    points: curve.map(({ effort, recall, perSecond }) => ({
      recall,
      perSecond,
      note: `${engine}, ${description.effort.name} ${effort}: recall ${recall.toFixed(4)}, ${perSecond.toFixed(0)}/s`,
    })),
  }))
  return curveChart(`${name}: one client`, series)
}

function barsOf({ name, engines }: DataSetResults): string {
  const groups = engines.map(({ engine, curve }) => ({
    name: engine,
    values: recalls.map((recall) => speedAt(curve, recall)),
  }))
  const series = recalls.map((recall) => `recall ${recall}`)
  return barChart(`${name}: at equal recall, one client`, { unit: 'queries/s', series, groups })
}
