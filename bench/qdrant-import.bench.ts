import { link, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startProgress } from '../scripts/terminal/progress.ts'
import { residentBytes } from './search/adapters/process-state.ts'
import { serverProgramOf, type ServerProgram } from './search/adapters/rest/server-program.ts'
import type { Bench, Context } from './support/context.ts'
import { inDigits, summarise, type Figure } from './support/figures.ts'
import { HttpClient } from './support/http-client.ts'

const dimensions = 128
const batchRows = 1_000
const writers = 4
const rounds = 3
const lookMs = 50
const source = '/collections/source'
const archiveName = 'source.snapshot'
const answerCount = 3

type Engine = 'stillpoint-server' | 'qdrant'
const engines: readonly Engine[] = ['stillpoint-server', 'qdrant']

interface Imported {
  readonly seconds: number
  /** More than before, at the most. */
  readonly diskBytes: number
  readonly memoryBytes: number
}

/** What the source answers, and a recovered collection must. */
interface Answers {
  readonly rows: number
  readonly requests: readonly string[]
  readonly ids: readonly string[]
}

/** An archive that Qdrant wrote, recovered by us and by Qdrant: from the request until count and exact answers are right. */
export function qdrantImport(program: string): Bench {
  return {
    name: 'qdrant-import',
    title: 'Recovering an archive of Qdrant, beside Qdrant',
    startsServers: true,
    async run(context) {
      const rows = context.sizes.largeRows
      const { archive, answers } = await writeArchive(context, program, rows)
      const found: Record<Engine, Imported[]> = { 'stillpoint-server': [], qdrant: [] }
      for (let round = 0; round < rounds; round++) {
        for (const kind of round % 2 === 0 ? engines : engines.toReversed()) {
          const home = join(context.home, `import-${kind}-${round}`)
          const server = serverProgramOf({ kind, home, program })
          found[kind].push(await importOnce(context, server, { home, archive, answers }))
          await rm(home, { recursive: true })
        }
      }
      return figuresOf(rows, (await stat(archive)).size, found)
    },
  }
}

function figuresOf(rows: number, archiveBytes: number, found: Record<Engine, readonly Imported[]>): Figure[] {
  const bench = 'qdrant-import'
  const of = (engine: Engine, what: string, unit: 's' | 'x', value: (one: Imported) => number) =>
    summarise(`${what}, ${engine === 'qdrant' ? 'Qdrant' : 'Stillpoint'}`, unit, found[engine].map(value))
  const compared = (name: string, unit: 's' | 'x', value: (one: Imported) => number): Figure => {
    const ours = of('stillpoint-server', name, unit, value)
    return { bench, name, value: ours.p50, unit, ours, beside: of('qdrant', name, unit, value) }
  }
  const time = compared(
    `recovering ${inDigits(rows)} x ${dimensions} of Qdrant`,
    's',
    ({ seconds }) => seconds,
  )
  return [
    time,
    {
      ...time,
      name: 'the same, compared with Qdrant (p50)',
      value: time.ours.p50 / time.beside!.p50,
      unit: 'x',
      goal: { atMost: 1 },
    },
    compared('disk meanwhile, of the archive', 'x', ({ diskBytes }) => diskBytes / archiveBytes),
    compared(
      'resident memory meanwhile, of the archive',
      'x',
      ({ memoryBytes }) => memoryBytes / archiveBytes,
    ),
  ]
}

/** Fills a Qdrant and lets it write a snapshot. Without graphs: what is compared is reading, not building. */
async function writeArchive(
  context: Context,
  program: string,
  rows: number,
): Promise<{ archive: string; answers: Answers }> {
  const home = join(context.home, 'qdrant-source')
  await mkdir(home)
  const server = serverProgramOf({ kind: 'qdrant', home, program })
  try {
    const { url } = await server.start()
    const http = new HttpClient(url, writers)
    const config = {
      vectors: { size: dimensions, distance: 'Euclid' },
      optimizers_config: { indexing_threshold: 0 },
    }
    await http.call('PUT', source, JSON.stringify(config))
    await load(context, http, rows)
    while ((await http.call<{ status: string }>('GET', source)).status !== 'green') await wait(500)
    const answers = await answersOf(context, http, rows)
    const { name } = await http.call<{ name: string }>('POST', `${source}/snapshots?wait=true`)
    http.close()
    const archive = join(context.home, archiveName)
    await link(join(home, 'snapshots', 'source', name), archive)
    return { archive, answers }
  } finally {
    await server.stop()
    await rm(home, { recursive: true })
  }
}

async function load(context: Context, http: HttpClient, rows: number): Promise<void> {
  const progress = startProgress(`filling Qdrant with ${inDigits(rows)} rows`, rows, 'rows')
  let next = 0
  const write = async (): Promise<void> => {
    for (let at = next; at < rows; at = next) {
      context.signal.throwIfAborted()
      next += batchRows
      const body = context.points.body(at, Math.min(batchRows, rows - at), dimensions)
      await http.text('PUT', `${source}/points?wait=true`, body)
      progress.update(Math.min(next, rows))
    }
  }
  try {
    await Promise.all(Array.from({ length: writers }, write))
  } finally {
    progress.end()
  }
}

async function answersOf(context: Context, http: HttpClient, rows: number): Promise<Answers> {
  const requests = Array.from(
    { length: answerCount },
    () => `{"query":${context.points.vector(dimensions)},"limit":10,"params":{"exact":true}}`,
  )
  const ids: string[] = []
  for (const request of requests) ids.push(await idsOf(http, source, request))
  return { rows, requests, ids }
}

async function idsOf(http: HttpClient, collection: string, request: string): Promise<string> {
  const { points } = await http.call<{ points: { id: number }[] }>(
    'POST',
    `${collection}/points/query`,
    request,
  )
  return points.map(({ id }) => id).join(' ')
}

async function importOnce(
  context: Context,
  server: ServerProgram,
  { home, archive, answers }: { readonly home: string; readonly archive: string; readonly answers: Answers },
): Promise<Imported> {
  context.signal.throwIfAborted()
  const folder = join(home, 'snapshots', 'copy')
  await mkdir(folder, { recursive: true })
  await link(archive, join(folder, archiveName))
  try {
    const { url, pid } = await server.start()
    const http = new HttpClient(url, 1)
    const watch = new Watch(home, pid)
    const watching = watch.run()
    const start = performance.now()
    const location = JSON.stringify({ location: `file://${join(folder, archiveName)}` })
    await http.call('PUT', '/collections/copy/snapshots/recover?wait=true', location)
    await isRight(context, http, answers)
    const seconds = (performance.now() - start) / 1000
    watch.end()
    http.close()
    return { seconds, ...(await watching) }
  } finally {
    await server.stop()
  }
}

async function isRight(context: Context, http: HttpClient, { rows, requests, ids }: Answers): Promise<void> {
  const deadline = performance.now() + 60_000
  for (;;) {
    context.signal.throwIfAborted()
    const { count } = await http.call<{ count: number }>(
      'POST',
      '/collections/copy/points/count',
      '{"exact":true}',
    )
    const found: string[] = []
    for (const request of requests) found.push(await idsOf(http, '/collections/copy', request))
    if (count === rows && found.every((one, i) => one === ids[i])) return
    if (performance.now() > deadline) throw new Error(`${count} points, and other answers than the source's`)
  }
}

/** What a server takes of disk and memory, more than at first. */
class Watch {
  readonly #home: string
  readonly #pid: number
  readonly #ended = new AbortController()

  constructor(home: string, pid: number) {
    this.#home = home
    this.#pid = pid
  }

  end(): void {
    this.#ended.abort()
  }

  async run(): Promise<{ diskBytes: number; memoryBytes: number }> {
    const before = { disk: await diskBytes(this.#home), memory: residentBytes(this.#pid) ?? 0 }
    let disk = 0
    let memory = 0
    while (!this.#ended.signal.aborted) {
      disk = Math.max(disk, (await diskBytes(this.#home)) - before.disk)
      memory = Math.max(memory, (residentBytes(this.#pid) ?? 0) - before.memory)
      await wait(lookMs, undefined, { signal: this.#ended.signal }).catch(() => undefined)
    }
    return { diskBytes: disk, memoryBytes: memory }
  }
}

/** What the files below a folder take, each once. */
async function diskBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const seen = new Set<number>()
  let sum = 0
  for (const entry of names) {
    // Gone meanwhile.
    const found = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined)
    if (found === undefined || !found.isFile() || seen.has(found.ino)) continue
    seen.add(found.ino)
    sum += found.blocks * 512
  }
  return sum
}
