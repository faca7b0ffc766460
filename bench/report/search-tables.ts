import { pointAt, speedAt } from '../search/curve.ts'
import { rowFilters } from '../search/data/filters.ts'
import { recalls, type DataSetResults, type EngineResults } from '../search/results.ts'

export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** As lines with aligned columns. */
  readonly text: string
}

const none = '–'

/** Everything that was measured over one data set. */
export function searchTables(data: DataSetResults): readonly Table[] {
  return [speeds(data), clients(data), filters(data), upkeep(data), ...failures(data)]
}

/** Fastest first at a recall of 0.95. */
function speeds({ name, engines }: DataSetResults): Table {
  const sorted = [...engines].sort((a, b) => (speedAt(b.curve, 0.95) ?? 0) - (speedAt(a.curve, 0.95) ?? 0))
  const rows = sorted.map(({ engine, curve, description }) => [
    engine,
    ...recalls.flatMap((recall) => {
      const effort = pointAt(curve, recall)?.effort
      const byProcessor = speedAt(curve, recall, 'processor time')
      return [
        effort === undefined ? 'never' : `${description.effort.name} ${effort}`,
        effort === undefined ? none : whole(speedAt(curve, recall)!),
        byProcessor === undefined ? none : whole(byProcessor),
      ]
    }),
  ])
  const columns = recalls.flatMap((recall) => [`recall ${recall} from`, 'queries/s', 'per s of CPU'])
  return tableOf(`${name}: at equal recall, one client`, ['', ...columns], rows)
}

function clients({ name, engines }: DataSetResults): Table {
  const rows = engines.flatMap((result) =>
    result.loads.map(
      ({ recall, effort, clients, queries, seconds, p50, p99, loopDelayMs, processorSeconds }) => [
        result.engine,
        String(recall),
        String(effort),
        String(clients),
        whole(queries / seconds),
        milliseconds(p50),
        milliseconds(p99),
        processorSeconds === undefined ? none : milliseconds((processorSeconds * 1_000) / queries),
        loopDelayMs === undefined || Number.isNaN(loopDelayMs) ? none : milliseconds(loopDelayMs),
      ],
    ),
  )
  const head = [
    '',
    'recall',
    'effort',
    'clients',
    'queries/s',
    'p50 ms',
    'p99 ms',
    'CPU ms each',
    'loop late p99 ms',
  ]
  return tableOf(`${name}: clients`, head, rows)
}

function filters({ name, engines }: DataSetResults): Table {
  const rows = engines.flatMap((result) =>
    result.description.filters
      ? recalls.map((recall) => [result.engine, String(recall), ...filterCells(result, recall)])
      : [[result.engine, 'has no filters']],
  )
  const head = [
    'queries/s; recall; times no filter',
    'effort of recall',
    'no filter',
    ...rowFilters.map(({ name }) => name),
  ]
  return tableOf(`${name}: filters, one client`, head, rows)
}

function filterCells({ filtered }: EngineResults, recall: number): readonly string[] {
  const measured = filtered.filter(({ atRecall }) => atRecall === recall)
  const first = measured[0]
  if (first === undefined) return ['never']
  const unfiltered = measured.map(({ unfilteredPerSecond }) => unfilteredPerSecond).sort((a, b) => a - b)
  return [
    `${whole(unfiltered[unfiltered.length >> 1]!)}; ${first.unfilteredRecall.toFixed(3)}`,
    ...rowFilters.map(({ name }) => {
      const found = measured.find(({ filter }) => filter === name)
      if (found === undefined) return none
      const perSecond = found.queries / found.seconds
      const times = (found.unfilteredPerSecond / perSecond).toFixed(2)
      return `${whole(perSecond)}; ${found.recall.toFixed(3)}; x ${times}`
    }),
  ]
}

function upkeep({ name, rows, dimensions, engines }: DataSetResults): Table {
  const raw = rows * dimensions * 4
  const lines = engines.map(({ engine, ingested, restartSeconds, operations }) => {
    const { ingestSeconds, buildSeconds, memoryBytes, indexedShare } = ingested
    const operation = (wanted: string) => {
      const found = operations.find((one) => one.name === wanted)
      return found === undefined ? none : milliseconds(found.seconds * 1_000)
    }
    const archive = operations.find((one) => one.name === 'archive')
    const speed =
      archive?.bytes === undefined ? '' : ` (${whole(archive.bytes / 2 ** 20 / archive.seconds)} MiB/s)`
    return [
      engine,
      whole(rows / ingestSeconds),
      `${buildSeconds.toFixed(1)}${indexedShare < 0.9995 ? ` (${(indexedShare * 100).toFixed(0)} %)` : ''}`,
      memoryBytes === undefined
        ? none
        : `${whole(memoryBytes / 2 ** 20)} (${(memoryBytes / raw).toFixed(2)})`,
      restartSeconds === undefined ? none : milliseconds(restartSeconds * 1_000),
      operation('snapshot'),
      operation('clone'),
      operation('rollback'),
      `${operation('archive')}${speed}`,
    ]
  })
  const head = [
    '',
    'written, points/s',
    'then indexed, s',
    'memory, MiB (x raw)',
    'restart, ms',
    'snapshot, ms',
    'clone, ms',
    'rollback, ms',
    'archive, ms',
  ]
  return tableOf(`${name}: everything else`, head, lines)
}

/** Whoever broke down on the way; what it had done before stands in the other tables. */
function failures({ name, engines }: DataSetResults): readonly Table[] {
  const rows = engines.flatMap(({ engine, failed }) => (failed === undefined ? [] : [[engine, failed]]))
  return rows.length === 0 ? [] : [tableOf(`${name}: not measured to the end`, ['', 'why'], rows)]
}

function tableOf(title: string, head: readonly string[], rows: readonly (readonly string[])[]): Table {
  const widths = head.map((cell, at) => Math.max(cell.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  return { title, head, rows, text: [head, ...rows].map(line).join('\n') }
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function milliseconds(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 3)
}
