import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench, Context } from '../support/context.ts'
import { dataSetIn, queryCount, type DataShape } from './data/data-set.ts'
import { limit } from './data/truth.ts'
import { Drivers, enginesOf } from './engines.ts'
import { measureDataSet, type SearchPlan } from './measure-data-set.ts'
import { figuresOf } from './figures-of.ts'
import type { DataSetResults } from './results.ts'
import type { SearchOptions } from './search-options.ts'
import { searchTables } from '../report/search-tables.ts'

/** Recall and speed against the peers, at equal recall, over data sets of several sizes and kinds. */
export function searchBench(options: SearchOptions): Bench {
  return {
    name: 'search',
    title: 'Search at equal recall, beside others',
    startsServers: true,
    async run(context) {
      const drivers = new Drivers()
      const force = () => drivers.killNow()
      process.on('exit', force)
      try {
        const dataSets = await measureAll(context, options, drivers)
        const { milliseconds, rounds } = options
        context.results.search = { queries: queryCount, limit, milliseconds, rounds, dataSets }
        return dataSets.flatMap(figuresOf)
      } finally {
        await drivers.endAll()
        process.off('exit', force)
      }
    },
  }
}

async function measureAll(
  context: Context,
  options: SearchOptions,
  drivers: Drivers,
): Promise<DataSetResults[]> {
  const { home, signal, seed } = context
  const { places, milliseconds, rounds } = options
  const measured: DataSetResults[] = []
  for (const shape of options.shapes) {
    const data = await dataSetIn(options.cache, { ...shape, seed } satisfies DataShape, signal)
    console.log(`\n${data.name}, seed ${seed}`)
    const folder = join(home, 'search')
    const plan: SearchPlan = {
      engines: enginesOf(places).filter(({ kind }) => options.engines?.includes(kind) ?? true),
      places,
      drivers,
      home: folder,
      signal,
      milliseconds,
      rounds,
      parts: options.parts,
    }
    try {
      const engines = await measureDataSet(plan, data)
      const { kind, rows, dimensions } = shape
      measured.push({ name: data.name, kind, rows, dimensions, seed, engines })
      console.log(
        `\n${searchTables(measured.at(-1)!)
          .map(({ title, text }) => `${title}\n${text}`)
          .join('\n\n')}`,
      )
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  return measured
}
