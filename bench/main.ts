import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { Cancelled, cancellable } from '../scripts/terminal/cancellation.ts'
import { OwnServer } from '../scripts/terminal/own-server.ts'
import { archiveDownload } from './archive-download.bench.ts'
import { diff } from './diff.bench.ts'
import { ingest } from './ingest.bench.ts'
import { milvusRestore } from './milvus-restore.bench.ts'
import { qdrantImport } from './qdrant-import.bench.ts'
import { queryInPlace } from './query-in-place.bench.ts'
import { jsonOf, writeReport, type Report } from './report/write-report.ts'
import { restart } from './restart.bench.ts'
import { engineKinds } from './search/adapters/adapter.ts'
import { searchBench } from './search/search.bench.ts'
import { parts as searchParts, searchOptionsOf } from './search/search-options.ts'
import { snapshotCreation } from './snapshot-creation.bench.ts'
import { snapshotListing } from './snapshot-listing.bench.ts'
import { snapshotOperations } from './snapshot-operations.bench.ts'
import { Context, fullSizes, quickSizes, type Bench, type Sizes } from './support/context.ts'
import { describeEnvironment, inWords } from './support/environment.ts'
import { meetsGoal, type Figure } from './support/figures.ts'
import { freePort } from './support/milvus-client.ts'
import { tableOf } from './support/table.ts'
import { verify } from './verify.bench.ts'
import { writeLatency } from './write-latency.bench.ts'

const common = [
  snapshotCreation,
  writeLatency,
  ingest,
  archiveDownload,
  restart,
  snapshotOperations,
  snapshotListing,
  queryInPlace,
  verify,
  diff,
  milvusRestore,
]

const usage = `npm run bench [-- flags]

Measures a server of its own from one load generator and compares with what the machine itself can do.

  --quick            small sizes, for a first look: not the sizes that the goals are about
  --only NAMES       some of ${[...common.map(({ name }) => name), 'qdrant-import', 'search'].join(', ')}
  --json FILE        writes the figures there, too
  --out FOLDER       writes results.json, README.md and charts there (docs/bench has those of the newest full run)
  --dir FOLDER       where the data goes meanwhile (default: the system's temporary folder)
  --seed NUMBER      of the random points (default 1)

The bench named search:
  --peers FOLDER     an npm folder where @lancedb/lancedb, apache-arrow and usearch are installed, to compare with
  --qdrant FILE      a binary of Qdrant, to compare with; without it there is no qdrant-import
  --rows NUMBER      (default 100000 of 128, 50000 of 768, 20000 of 1536 dimensions)
  --dimensions LIST  (default 128,768,1536)
  --kinds LIST       easy, hard or both (default)
  --engines LIST     some of ${engineKinds.join(', ')} (default: all that are there)
  --rounds NUMBER    of 250 ms, in turns, for every load (default 4); the fastest counts
  --parts LIST       besides recall and speed: some of ${searchParts.join(', ')} (default: all)`

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    peers: { type: 'string' },
    qdrant: { type: 'string' },
    rows: { type: 'string' },
    dimensions: { type: 'string' },
    kinds: { type: 'string' },
    engines: { type: 'string' },
    rounds: { type: 'string' },
    parts: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (flags.help) console.log(usage)
else process.exitCode = await run()

async function run(): Promise<number> {
  const { rows, dimensions, kinds, engines, peers, qdrant, rounds, parts, quick } = flags
  let benches: readonly Bench[]
  try {
    benches = [
      ...common,
      ...(qdrant === undefined ? [] : [qdrantImport(qdrant)]),
      searchBench(searchOptionsOf({ rows, dimensions, kinds, engines, peers, qdrant, rounds, parts, quick })),
    ]
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return 2
  }
  const wanted = flags.only?.split(',')
  const unknown = wanted?.find((name) => !benches.some((bench) => bench.name === name))
  if (unknown !== undefined) {
    console.error(`There is no bench named ${unknown}\n\n${usage}`)
    return 2
  }
  const home = await mkdtemp(join(flags.dir, 'stillpoint-bench-'))
  const milvusPort = await freePort()
  const server = new OwnServer(home, {
    STILLPOINT__STORAGE__SNAPSHOTS_CONFIG__ARCHIVES: 'virtual',
    STILLPOINT__SERVICE__MILVUS_PORT: String(milvusPort),
  })
  try {
    const done = await cancellable(
      (signal) =>
        measure({
          home,
          server,
          milvusPort,
          signal,
          benches: benches.filter(({ name }) => wanted?.includes(name) ?? true),
          sizes: quick ? quickSizes : fullSizes,
        }),
      () => server.killNow(),
    )
    return done instanceof Cancelled ? done.exitCode : done
  } catch (error) {
    console.error(error, `\n${server.log()}`)
    return 1
  } finally {
    await server.end()
    await rm(home, { recursive: true, force: true })
  }
}

interface Run {
  readonly home: string
  readonly server: OwnServer
  readonly milvusPort: number
  readonly signal: AbortSignal
  readonly benches: readonly Bench[]
  readonly sizes: Sizes
}

/** @returns the exit code: a goal that is missed is a result, a measurement that fails is not */
async function measure({ home, server, milvusPort, signal, benches, sizes }: Run): Promise<number> {
  const begun = performance.now()
  const seed = Number(flags.seed)
  const measuredOn = await describeEnvironment(home)
  console.log(inWords(measuredOn))
  console.log(`seed ${seed}${flags.quick ? '; QUICK: small sizes, the goals are about the full ones' : ''}`)
  const milvusAddress = `127.0.0.1:${milvusPort}`
  const context = new Context({ sizes, signal, home, seed, server, milvusAddress })
  const figures: Figure[] = []
  const failed: string[] = []
  for (const bench of benches) {
    console.log(`\n${styleText('bold', bench.title)}`)
    try {
      if (bench.startsServers === true) await context.stopServer()
      else if (context.serverPid === undefined) await context.startServer()
      figures.push(...(await bench.run(context)))
    } catch (error) {
      signal.throwIfAborted()
      console.error(error, `\n${server.log()}`)
      failed.push(bench.name)
    }
  }
  context.disconnect()
  const seconds = (performance.now() - begun) / 1000
  const loadAfter = loadavg()[0] ?? 0
  console.log(
    `\n${tableOf(figures)}\n\n${summaryOf(figures)}, in ${seconds.toFixed(0)} s; load average ${loadAfter.toFixed(2)}`,
  )
  if (failed.length > 0) console.log(`NOT MEASURED, because of an error: ${failed.join(', ')}`)
  const report: Report = {
    measuredOn,
    quick: flags.quick,
    seed,
    sizes,
    seconds,
    loadAfter,
    figures: figures.map((figure) => ({ ...figure, met: meetsGoal(figure) })),
    failed,
    ...context.results,
  }
  if (flags.json !== undefined) await writeFile(flags.json, jsonOf(report))
  if (flags.out !== undefined) await writeReport(flags.out, report)
  return failed.length === 0 ? 0 : 1
}

function summaryOf(figures: readonly Figure[]): string {
  const results = figures.map(meetsGoal).filter((met) => met !== undefined)
  return `${results.filter(Boolean).length} of ${results.length} goals met`
}
