import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { adoptInto } from '../src/graph/adopt/adopt-graph.ts'
import { sourceOf, spareRoomFor } from '../src/graph/adopt/source-graph.ts'
import { HnswGraph, type HnswParameters } from '../src/graph/hnsw/hnsw-graph.ts'
import { HnswThread } from '../src/graph/hnsw/hnsw-thread.ts'
import { VectorColumn } from '../src/graph/vector-column.ts'
import { seededRandom } from '../src/runtime/random.ts'
import { mixtureOf } from '../test/support/vector-mixture.ts'
import { describeEnvironment, inWords } from './support/environment.ts'

const usage = `npx tsx bench/graph-merge.ts [-- flags]

What it saves to take the links of a segment over when it is merged, instead of building a graph anew: some of its rows are
left out, and as many others join. CPU time of this process; only ratios within one run mean something.

  --rows NUMBER      of the segment (default 40000)
  --further NUMBER   rows that join (default 0)
  --dimensions N     default 128
  --sigma NUMBER     spread within clusters (default 1: they overlap)
  --elements NAME    float32 (default), int8 or bfloat16
  --seed NUMBER      of the data (default 1)`

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '40000' },
    further: { type: 'string', default: '0' },
    dimensions: { type: 'string', default: '128' },
    sigma: { type: 'string', default: '1' },
    elements: { type: 'string', default: 'float32' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})

const shares = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7]
const queryCount = 500
const [limit, efs] = [10, [24, 64]]
const gone = 0xffffffff

if (flags.help) console.log(usage)
else await run()

async function run(): Promise<void> {
  console.log(inWords(await describeEnvironment(tmpdir())))
  const [rows, further, dimensions] = [Number(flags.rows), Number(flags.further), Number(flags.dimensions)]
  const [seed, sigma] = [Number(flags.seed), Number(flags.sigma)]
  const elements = flags.elements as NonNullable<HnswParameters['elements']>
  const parameters: HnswParameters = { m: 16, efConstruct: 128, seed: 1, elements }
  const all = mixtureOf({ rows: rows + further + queryCount, dimensions, clusters: 1_000, sigma, seed })
  const queries = all.splice(rows + further)
  const column = new VectorColumn(dimensions, rows)
  for (const row of all.slice(0, rows)) column.append(row)
  const source = HnswGraph.create(column, 'euclid', parameters)!
  insertAll(source)
  console.log(`${rows} rows of ${dimensions} dimensions (${elements}), ${further} others join, seed ${seed}`)
  for (const share of shares) {
    const random = seededRandom(seed)
    const merged = new VectorColumn(dimensions, rows + further)
    const rowOf = Uint32Array.from({ length: rows }, (_, row) =>
      random.next() < share ? gone : merged.append(all[row]),
    )
    for (const row of all.slice(rows)) merged.append(row)
    const from = sourceOf(source)
    const adopted = HnswGraph.create(merged, 'euclid', parameters, spareRoomFor(from))!
    const scratch = adopted.allocateScratch(1)!
    const links = cpuSeconds(() => adoptInto(adopted.image(), scratch.image(), from, rowOf))
    scratch.dispose()
    const inserted = cpuSeconds(() => insertAll(adopted))
    const anew = HnswGraph.create(merged, 'euclid', parameters)!
    const built = cpuSeconds(() => insertAll(anew))
    const [taken, other] = [adopted, anew].map((graph) => recallsOf(merged, graph, queries).join(', '))
    const times = `links ${links.toFixed(2)} s, rest ${inserted.toFixed(1)} s; anew ${built.toFixed(1)} s`
    const ratio = ((links + inserted) / built).toFixed(2)
    const found = `recall at ef ${efs.join(', ')}: ${taken!}; anew ${other!}`
    console.log(`${share * 100} % left out: ${times} (${ratio} of it); ${found}`)
    adopted.dispose()
    anew.dispose()
    merged.dispose()
  }
}

function insertAll(graph: HnswGraph): void {
  const scratch = graph.allocateScratch(1)!
  new HnswThread(graph.image(), scratch.image()).insert(graph.capacityRows)
  scratch.dispose()
}

function recallsOf(column: VectorColumn, graph: HnswGraph, queries: readonly Float32Array[]): string[] {
  const scratch = graph.allocateScratch(Math.max(...efs))!
  const thread = new HnswThread(graph.image(), scratch.image())
  const found = efs.map((ef) => {
    let hits = 0
    for (const query of queries) {
      const truth = new Set(column.search({ query, metric: 'euclid', limit }).rows)
      for (const row of thread.search({ query, limit, ef }).rows) if (truth.has(row)) hits++
    }
    return (hits / (queries.length * limit)).toFixed(4)
  })
  scratch.dispose()
  return found
}

function cpuSeconds(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
