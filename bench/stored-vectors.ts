import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mixtureOf } from '../test/support/vector-mixture.ts'
import { built } from './support/embedded.ts'
import { describeEnvironment, inWords } from './support/environment.ts'

const usage = `npx tsx bench/stored-vectors.ts [-- flags]

What vectors that stay in their file cost and save, beside the same rows in memory, and in memory with codes: each in processes
of its own, one that writes and builds, one that opens and searches. Files are in the page cache. Only ratios within one run
mean something. Needs dist/ (npm run build).

  --rows NUMBER        (default 50000)
  --dimensions NUMBER  (default 128)
  --sigma NUMBER       spread within clusters (default 1: they overlap)
  --queries NUMBER     (default 2000)
  --seed NUMBER        of the data (default 1)`

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '50000' },
    dimensions: { type: 'string', default: '128' },
    sigma: { type: 'string', default: '1' },
    queries: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
    // Of the processes that measure.
    part: { type: 'string' },
    kind: { type: 'string' },
    home: { type: 'string' },
  },
})

const kinds = {
  'in memory': {},
  'in memory, codes beside': { graph: { codes: 'int8' } },
  'in the file': { onDisk: true },
} as const
type Kind = keyof typeof kinds

const [rows, dimensions, queryCount] = [Number(flags.rows), Number(flags.dimensions), Number(flags.queries)]
const [limit, efs, batch] = [10, [32, 64, 128], 2_000]

interface Served {
  /** As the database counts them: of the column of vectors, and of all with links, codes of a graph, ids and numbers. */
  readonly vectorBytes: number
  readonly memoryBytes: number
  /** Of the process, less what it had before it opened the database. */
  readonly residentBytes: number
  readonly byEf: readonly {
    readonly ef: number
    readonly recall: number
    readonly alone: number
    readonly many: number
  }[]
  readonly exactMs: number
  readonly cpuPerQueryUs: number
}

if (flags.help) console.log(usage)
else if (flags.part === undefined) await compareAll()
else if (flags.part === 'build') console.log(await build(flags.home!, flags.kind as Kind))
else console.log(JSON.stringify(await serve(flags.home!)))

async function compareAll(): Promise<void> {
  console.log(inWords(await describeEnvironment(tmpdir())))
  console.log(`${rows} rows of ${dimensions} dimensions, sigma ${flags.sigma}, limit ${limit}`)
  const home = await mkdtemp(join(tmpdir(), 'stored-bench-'))
  try {
    const table: Record<string, Record<string, string | number>> = {}
    for (const kind of Object.keys(kinds) as Kind[]) {
      const folder = join(home, kind.replaceAll(/\W/g, '-'))
      const seconds = Number(run('build', kind, folder))
      const served = JSON.parse(run('serve', kind, folder)) as Served
      table[kind] = { 'build s CPU': seconds.toFixed(1), ...rowOf(served) }
    }
    console.table(table)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

function rowOf(served: Served): Record<string, string | number> {
  const perRow = (bytes: number): number => Math.round(bytes / rows)
  const searches = served.byEf.map(({ ef, recall, alone, many }) => [
    `ef ${ef}`,
    `${recall.toFixed(4)}: ${Math.round(alone)}, ${Math.round(many)}/s`,
  ])
  return {
    'vectors B/row': perRow(served.vectorBytes),
    'all B/row': perRow(served.memoryBytes),
    'resident B/row': perRow(served.residentBytes),
    ...(Object.fromEntries(searches) as Record<string, string>),
    'exact ms': served.exactMs.toFixed(1),
    'µs CPU, ef 64': Math.round(served.cpuPerQueryUs),
  }
}

/** What a process of our own prints. */
function run(part: string, kind: Kind, home: string): string {
  const own = [process.argv[1]!, ...process.argv.slice(2), '--part', part, '--kind', kind, '--home', home]
  const { stdout, status, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, '--expose-gc', ...own],
    {
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error(stderr)
  return stdout
}

/** Gives the seconds of CPU that writing and building took. */
async function build(home: string, kind: Kind): Promise<number> {
  const { open } = await built()
  const db = await open(home)
  const params = { size: dimensions, distance: 'Euclid', ...kinds[kind] } as const
  const collection = await db.createCollection('c', { vectors: { '': params } })
  const vectors = dataOf().slice(0, rows)
  const before = process.cpuUsage()
  for (let at = 0; at < rows; at += batch) {
    const some = vectors.slice(at, at + batch)
    await collection.upsert(some.map((vector, index) => ({ id: at + index, vectors: { '': vector } })))
  }
  await db.flush()
  await db.optimize()
  await db.close()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

async function serve(home: string): Promise<Served> {
  const queries = dataOf().slice(rows)
  const { open } = await built()
  globalThis.gc?.()
  const resident = process.memoryUsage().rss
  const db = await open(home, { background: false })
  globalThis.gc?.()
  const residentBytes = process.memoryUsage().rss - resident
  const collection = db.getCollection('c')
  const segments = collection.segmentReports()
  const vectorBytes = segments.reduce((sum, { vectors }) => sum + vectors['']!.bytes, 0)
  const memoryBytes = segments.reduce((sum, one) => sum + one.memoryBytes, 0)
  const truth: Set<unknown>[] = []
  const start = performance.now()
  for (const vector of queries.slice(0, 200)) {
    const found = await collection.query({ vector, limit, effort: { exact: true } })
    truth.push(new Set(found.map(({ id }) => id)))
  }
  const exactMs = (performance.now() - start) / truth.length
  const byEf = []
  let cpuPerQueryUs = 0
  for (const ef of efs) {
    let hits = 0
    for (const [at, ids] of truth.entries()) {
      const found = await collection.query({ vector: queries[at]!, limit, effort: { ef } })
      hits += found.filter(({ id }) => ids.has(id)).length
    }
    const before = process.cpuUsage()
    const alone = await rateOf(1, (vector) => collection.query({ vector, limit, effort: { ef } }), queries)
    const { user, system } = process.cpuUsage(before)
    if (ef === 64) cpuPerQueryUs = (user + system) / queries.length
    const many = await rateOf(16, (vector) => collection.query({ vector, limit, effort: { ef } }), queries)
    byEf.push({ ef, recall: hits / truth.length / limit, alone, many })
  }
  await db.close()
  return { vectorBytes, memoryBytes, residentBytes, byEf, exactMs, cpuPerQueryUs }
}

/** Queries per second of so many callers, each of whom asks when it has been answered. */
async function rateOf(
  callers: number,
  ask: (query: Float32Array) => Promise<unknown>,
  queries: readonly Float32Array[],
): Promise<number> {
  let next = 0
  const call = async (): Promise<void> => {
    while (next < queries.length) await ask(queries[next++]!)
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: callers }, call))
  return (queries.length / (performance.now() - start)) * 1_000
}

/** Queries behind the rows. */
function dataOf(): Float32Array[] {
  const [sigma, seed] = [Number(flags.sigma), Number(flags.seed)]
  return mixtureOf({ rows: rows + queryCount, dimensions, clusters: 1_000, sigma, seed })
}
