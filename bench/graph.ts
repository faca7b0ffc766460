import { unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Elements } from '../src/graph/codes/elements.ts'
import { HnswGraph } from '../src/graph/hnsw/hnsw-graph.ts'
import { HnswThread } from '../src/graph/hnsw/hnsw-thread.ts'
import { VectorColumn } from '../src/graph/vector-column.ts'
import { mixtureOf, sampledBits } from '../test/support/vector-mixture.ts'
import { describeEnvironment, inWords } from './support/environment.ts'

const usage = `npx tsx bench/graph.ts [-- flags]

The graph itself in one thread, without the engine: build, queries at equal recall, filters. Times are CPU time of this
process, so that others on the machine count less; only ratios within one run mean something.

  --rows NUMBER      default 100000
  --dimensions N     default 128
  --kinds NAMES      easy, hard or both (default): clusters that lie apart, or overlap
  --elements NAMES   graphs to compare: float32 (default), int8, bfloat16; codes are ranked by the vectors in the end
  --usearch FOLDER   an installed usearch package to compare with
  --seed NUMBER      of the data (default 1)`

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    dimensions: { type: 'string', default: '128' },
    kinds: { type: 'string', default: 'easy,hard' },
    elements: { type: 'string', default: 'float32' },
    usearch: { type: 'string' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})

const sigmas: Readonly<Record<string, number>> = { easy: 0.3, hard: 1 }
const efs = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512]
const parameters = { m: 16, efConstruct: 128, seed: 1 }
const recalls = [0.95, 0.99]
const queryCount = 1_000
const limit = 10

type Search = (query: Float32Array) => ArrayLike<number | bigint>

interface Engine {
  readonly name: string
  build(): void
  /** A search that keeps `ef` rows in view. */
  at(ef: number): Promise<Search>
}

interface Point {
  readonly ef: number
  readonly recall: number
  readonly perSecond: number
}

/** The part of usearch that is used. */
interface PeerIndex {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void
  save(path: string): void
  load(path: string): void
  search(query: Float32Array, limit: number, threads: number): { readonly keys: BigUint64Array }
}

if (flags.help) console.log(usage)
else await run()

async function run(): Promise<void> {
  console.log(inWords(await describeEnvironment(tmpdir())))
  for (const kind of flags.kinds.split(',')) {
    const sigma = sigmas[kind]
    if (sigma === undefined) throw new Error(`There is no kind ${kind}\n\n${usage}`)
    await measure(kind, sigma)
  }
}

async function measure(kind: string, sigma: number): Promise<void> {
  const [rows, dimensions, seed] = [Number(flags.rows), Number(flags.dimensions), Number(flags.seed)]
  const all = mixtureOf({ rows: rows + queryCount, dimensions, clusters: 1_000, sigma, seed })
  const queries = all.splice(rows)
  console.log(`\n${kind}: ${rows} rows of ${dimensions} dimensions, seed ${seed}`)
  const column = new VectorColumn(dimensions, rows)
  for (const row of all) column.append(row)
  const truth = queries.map((query) => new Set(column.search({ query, metric: 'euclid', limit }).rows))
  const own = (flags.elements.split(',') as Elements[]).map((elements) => ownEngine(column, elements))
  const engines: Engine[] = own.map(({ engine }) => engine)
  if (flags.usearch !== undefined) engines.push(await peerEngine(flags.usearch, all, kind))
  for (const { name, build } of engines)
    console.log(`${name}: built in ${cpuSeconds(build).toFixed(1)} s of CPU`)
  const curves = await curvesOf(engines, queries, truth)
  report(engines, curves)
  for (const { engine, thread, bytesPerRow } of own) {
    console.log(`${engine.name}: links and codes take ${bytesPerRow.toFixed(0)} bytes per row`)
    filters(column, thread, queries, seed)
  }
  for (const { dispose } of own) dispose()
  column.dispose()
}

function ownEngine(column: VectorColumn, elements: Elements) {
  const before = process.cpuUsage()
  const graph = HnswGraph.create(column, 'euclid', { ...parameters, elements })
  const { user, system } = process.cpuUsage(before)
  if (elements !== 'float32')
    console.log(`${elements}: encoded in ${((user + system) / 1e6).toFixed(2)} s of CPU`)
  const scratch = graph?.allocateScratch(efs.at(-1)!)
  if (graph === undefined || scratch === undefined) throw new Error('The graph does not fit into one memory')
  const thread = new HnswThread(graph.image(), scratch.image())
  const engine: Engine = {
    name: elements === 'float32' ? 'stillpoint' : elements,
    build: () => thread.insert(column.rowCount),
    at: async (ef) => (query) => thread.search({ query, limit, ef }).rows,
  }
  const dispose = () => {
    scratch.dispose()
    graph.dispose()
  }
  return { engine, thread, bytesPerRow: graph.bytes / column.rowCount, dispose }
}

async function peerEngine(folder: string, rows: readonly Float32Array[], kind: string): Promise<Engine> {
  const entry = join(resolve(folder), 'javascript/dist/esm/usearch.js')
  const { Index } = (await import(pathToFileURL(entry).href)) as { Index: new (options: object) => PeerIndex }
  const dimensions = rows[0]!.length
  const create = (ef: number) =>
    new Index({
      dimensions,
      metric: 'l2sq',
      quantization: 'f32',
      connectivity: parameters.m,
      expansion_add: parameters.efConstruct,
      expansion_search: ef,
    })
  const file = join(tmpdir(), `stillpoint-peer-${process.pid}-${kind}`)
  const flat = new Float32Array(rows.length * dimensions)
  rows.forEach((row, at) => flat.set(row, at * dimensions))
  return {
    name: 'usearch',
    build: () => {
      const index = create(64)
      index.add(
        BigUint64Array.from(rows, (_, row) => BigInt(row)),
        flat,
        1,
      )
      index.save(file)
    },
    // Its ef is fixed when it is made.
    at: async (ef) => {
      const index = create(ef)
      index.load(file)
      if (ef === efs.at(-1)) await unlink(file)
      return (query) => index.search(query, limit, 1).keys
    },
  }
}

/** Engines take turns, so that each has its share of what else the machine does. */
async function curvesOf(
  engines: readonly Engine[],
  queries: readonly Float32Array[],
  truth: readonly Set<number>[],
): Promise<Point[][]> {
  const curves: Point[][] = engines.map(() => [])
  for (const ef of efs) {
    const searches = await Promise.all(engines.map((engine) => engine.at(ef)))
    const found = searches.map((search) => recallOf(search, queries, truth))
    const seconds = engines.map(() => 0)
    for (let round = 0; round < 4; round++) {
      searches.forEach((search, which) => {
        seconds[which]! += cpuSeconds(() => queries.forEach((query) => search(query)))
      })
    }
    curves.forEach((curve, which) => {
      curve.push({ ef, recall: found[which]!, perSecond: (4 * queries.length) / seconds[which]! })
    })
  }
  return curves
}

function recallOf(search: Search, queries: readonly Float32Array[], truth: readonly Set<number>[]): number {
  let hits = 0
  queries.forEach((query, at) => {
    for (const row of Array.from(search(query), Number)) if (truth[at]!.has(row)) hits++
  })
  return hits / (queries.length * limit)
}

function report(engines: readonly Engine[], curves: readonly Point[][]): void {
  engines.forEach(({ name }, which) => {
    const points = curves[which]!.map(
      ({ ef, recall, perSecond }) => `ef ${ef}: ${recall.toFixed(4)} ${perSecond.toFixed(0)}/s`,
    )
    console.log(`${name}: ${points.join(', ')}`)
  })
  for (const recall of recalls) {
    const speeds = curves.map((curve) => speedAt(curve, recall))
    const words = speeds.map((speed, which) => `${engines[which]!.name} ${speed?.toFixed(0) ?? 'never'}/s`)
    const [first, ...others] = speeds
    const ratios = others.map((other) => (first && other ? (first / other).toFixed(2) : '?'))
    const ratio = ratios.length === 0 ? '' : `; the first is ${ratios.join(', ')} x as fast`
    console.log(`at recall ${recall}: ${words.join(', ')}${ratio}`)
  }
}

/** Between the two points around a recall, in proportion; the first point if even that finds more. */
function speedAt(curve: readonly Point[], recall: number): number | undefined {
  const after = curve.findIndex((point) => point.recall >= recall)
  if (after <= 0) return curve[after]?.perSecond
  const [low, high] = [curve[after - 1]!, curve[after]!]
  const share = (recall - low.recall) / (high.recall - low.recall)
  return low.perSecond * (high.perSecond / low.perSecond) ** share
}

function filters(
  column: VectorColumn,
  thread: HnswThread,
  queries: readonly Float32Array[],
  seed: number,
): void {
  const asked = queries.slice(0, 200)
  for (const share of [1, 0.5, 0.25, 0.1, 0.05, 0.02]) {
    const passing = sampledBits(column.rowCount, share, seed)
    const request = { limit, ...(share < 1 && { passing }) }
    const scan = (query: Float32Array) => column.search({ query, metric: 'euclid', ...request }).rows
    const truth = asked.map((query) => new Set(scan(query)))
    const search = (query: Float32Array) => thread.search({ query, ef: 64, ...request }).rows
    const recall = recallOf(search, asked, truth)
    const [graphMs, scanMs] = [search, scan].map(
      (one) => (cpuSeconds(() => asked.forEach((query) => one(query))) * 1_000) / asked.length,
    )
    const times = `graph at ef 64 ${graphMs!.toFixed(3)} ms, recall ${recall.toFixed(4)}; scan ${scanMs!.toFixed(3)} ms`
    console.log(`${share * 100} % pass: ${times}`)
  }
}

function cpuSeconds(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
