import { countBits } from '../src/runtime/bits.ts'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { HnswGraph } from '../src/graph/hnsw/hnsw-graph.ts'
import { HnswThread } from '../src/graph/hnsw/hnsw-thread.ts'
import { InlineSearcher } from '../src/graph/search/inline-searcher.ts'
import { searchColumn } from '../src/graph/search/search-column.ts'
import { VectorColumn } from '../src/graph/vector-column.ts'
import { runSearch } from '../test/support/run-search.ts'
import { sampledBits } from '../test/support/vector-mixture.ts'
import { isKind, vectorsOf } from './search/data/mixtures.ts'
import { describeEnvironment, inWords } from './support/environment.ts'

const usage = `npx tsx bench/graph-filters.ts [-- flags]

What a filter costs a search of one column, planned as the engine plans it, against the same search without one: CPU time of
this process and recall. Rows pass by chance, or because they are the nearest to the query or the farthest from it.

  --rows NUMBER      default 100000
  --dimensions N     default 128
  --kinds NAMES      easy, hard or both (default)
  --efs NUMBERS      default 16,64,128
  --seed NUMBER      of the data (default 1)`

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    dimensions: { type: 'string', default: '128' },
    kinds: { type: 'string', default: 'easy,hard' },
    efs: { type: 'string', default: '16,64,128' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})

const limit = 10
const queryCount = 60
const rounds = 3
const metric = 'euclid'
const shares = [0.5, 0.2, 0.1, 0.05, 0.01, 0.001]
const choices = ['by chance', 'nearest', 'farthest'] as const

interface Data {
  readonly column: VectorColumn
  readonly graph: HnswGraph
  readonly queries: readonly Float32Array[]
}

if (flags.help) console.log(usage)
else {
  console.log(inWords(await describeEnvironment(tmpdir())))
  for (const kind of flags.kinds.split(',')) await measure(kind)
}

async function measure(kind: string): Promise<void> {
  if (!isKind(kind)) throw new Error(`There is no kind ${kind}\n\n${usage}`)
  const [rows, dimensions, seed] = [Number(flags.rows), Number(flags.dimensions), Number(flags.seed)]
  const flat = vectorsOf(kind, rows + queryCount, dimensions, seed)
  const vectorAt = (at: number) => flat.subarray(at * dimensions, (at + 1) * dimensions)
  const column = new VectorColumn(dimensions, rows)
  for (let row = 0; row < rows; row++) column.append(vectorAt(row))
  const graph = HnswGraph.create(column, metric, { m: 16, efConstruct: 128, seed: 1 })
  const scratch = graph?.allocateScratch(256)
  if (graph === undefined || scratch === undefined) throw new Error('The graph does not fit into one memory')
  new HnswThread(graph.image(), scratch.image()).insert(rows)
  scratch.dispose()
  const data = { column, graph, queries: Array.from({ length: queryCount }, (_, i) => vectorAt(rows + i)) }
  console.log(`\n${kind}: ${rows} rows of ${dimensions} dimensions, seed ${seed}`)
  const searcher = new InlineSearcher()
  for (const choice of choices) {
    for (const share of shares) await compare(searcher, data, choice, share)
  }
  await searcher.close()
  graph.dispose()
  column.dispose()
}

async function compare(searcher: InlineSearcher, data: Data, choice: string, share: number): Promise<void> {
  const { column, graph, queries } = data
  const passing = queries.map((query, at) => passingOf(column, query, choice, share, at))
  const place = { column, graph, metric, limit, rowLimit: column.rowCount, isKept: false } as const
  const truth = [undefined, passing].map((filter) =>
    queries.map((query, at) => {
      const bits = filter?.[at]
      return new Set(column.search({ query, metric, limit, ...(bits && { passing: bits }) }).rows)
    }),
  )
  for (const ef of flags.efs.split(',').map(Number)) {
    const found = [undefined, passing].map((filter, which) => ({
      microseconds: Infinity,
      hits: 0,
      all: truth[which]!.reduce((sum, rows) => sum + rows.size, 0),
      search: (at: number) => {
        const bits = filter?.[at]
        const passingCount = bits === undefined ? column.rowCount : countBits(bits)
        const asked = { query: queries[at]!, passing: bits, passingCount, effort: { ef } }
        return runSearch(searcher, searchColumn({ ...place, ...asked }))
      },
    }))
    for (let round = 0; round < rounds; round++) {
      for (const [which, one] of found.entries()) {
        one.hits = 0
        const before = process.cpuUsage()
        for (let at = 0; at < queryCount; at++) {
          for (const row of (await one.search(at)).rows) if (truth[which]![at]!.has(row)) one.hits += 1
        }
        const { user, system } = process.cpuUsage(before)
        one.microseconds = Math.min(one.microseconds, (user + system) / queryCount)
      }
    }
    const [plain, filtered] = [found[0]!, found[1]!]
    const words = [plain, filtered].map(
      ({ microseconds, hits, all }) => `${microseconds.toFixed(0)} µs, recall ${(hits / all).toFixed(3)}`,
    )
    const ratio = (filtered.microseconds / plain.microseconds).toFixed(2)
    console.log(`${share * 100} % ${choice}, ef ${ef}: ${words.join(' -> ')} (x ${ratio})`)
  }
}

function passingOf(
  column: VectorColumn,
  query: Float32Array,
  choice: string,
  share: number,
  at: number,
): Uint32Array {
  const { rowCount } = column
  if (choice === 'by chance') return sampledBits(rowCount, share, at)
  const ranked = column.search({ query, metric, limit: rowCount }).rows
  const count = Math.round(rowCount * share)
  const bits = new Uint32Array(Math.ceil(rowCount / 32))
  for (const row of choice === 'nearest' ? ranked.subarray(0, count) : ranked.subarray(rowCount - count)) {
    bits[row >>> 5]! |= 1 << (row & 31)
  }
  return bits
}
