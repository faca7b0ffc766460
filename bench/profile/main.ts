import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import type { Profiler } from 'node:inspector'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Cancelled, cancellable } from '../../scripts/terminal/cancellation.ts'
import { startProgress } from '../../scripts/terminal/progress.ts'
import { dataSetIn } from '../search/data/data-set.ts'
import { rowFilters } from '../search/data/filters.ts'
import { Drivers, enginesOf, settingsOf, type EngineChoice } from '../search/engines.ts'
import { searchOptionsOf } from '../search/search-options.ts'
import { busyShare, topFunctions } from './top-functions.ts'

/** What can be profiled, and the engine that answers. */
const subjects: Readonly<Record<string, string>> = {
  embedded: 'stillpoint embedded',
  server: 'stillpoint server',
}

const usage = `npm run profile -- NAME [flags]

Fills an engine, asks it as the bench named search does, and samples every thread of the process that answers. Writes
a .cpuprofile for each (open them in Chrome's or VS Code's profiler) and prints where their time went.

  NAME               ${Object.keys(subjects).join(' or ')}
  --what WHAT        search (default), or ingest: writing and building, until all is indexed
  --out FOLDER       where the profiles go (default: profiles)
  --seconds NUMBER   of searching (default 5)
  --ef NUMBER        (default 64)
  --clients NUMBER   (default 4)
  --filter NAME      one of: ${rowFilters.map(({ name }) => name).join(', ')}
  --rows, --dimensions, --kinds, --seed   as in npm run bench (default 25000, 128, hard, 1)`

const options = {
  what: { type: 'string', default: 'search' },
  out: { type: 'string', default: 'profiles' },
  seconds: { type: 'string', default: '5' },
  ef: { type: 'string', default: '64' },
  clients: { type: 'string', default: '4' },
  filter: { type: 'string' },
  rows: { type: 'string', default: '25000' },
  dimensions: { type: 'string', default: '128' },
  kinds: { type: 'string', default: 'hard' },
  seed: { type: 'string', default: '1' },
  help: { type: 'boolean', default: false },
} as const
const { values: flags, positionals } = parseArgs({ allowPositionals: true, options })

const topCount = 25
const doneSteps = 300
const doneStepMs = 100

const engine = enginesOf({}).find(({ name }) => name === subjects[positionals[0] ?? ''])
const isKnown = engine !== undefined && ['search', 'ingest'].includes(flags.what)
if (flags.help || !isKnown) {
  console[flags.help ? 'log' : 'error'](usage)
  process.exitCode = flags.help ? 0 : 2
} else process.exitCode = await run(engine)

async function run(choice: EngineChoice): Promise<number> {
  const out = resolve(flags.out)
  await mkdir(out, { recursive: true })
  for (const name of await readdir(out)) {
    if (name === 'done' || name.endsWith('.cpuprofile')) await rm(join(out, name))
  }
  const home = await mkdtemp(join(tmpdir(), 'stillpoint-profile-'))
  const drivers = new Drivers()
  try {
    // The driver's process and the server that it starts take these over.
    process.env['STILLPOINT_PROFILE_FOLDER'] = out
    const sampler = fileURLToPath(new URL('sampler.mjs', import.meta.url))
    process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --import=${sampler}`
    const done = await cancellable(
      (signal) => record(choice, { home, out, drivers, signal }),
      () => drivers.killNow(),
    )
    if (done instanceof Cancelled) return done.exitCode
    await printProfiles(out)
    return 0
  } finally {
    await drivers.endAll()
    await rm(home, { recursive: true, force: true })
  }
}

interface Parts {
  readonly home: string
  readonly out: string
  readonly drivers: Drivers
  readonly signal: AbortSignal
}

async function record(choice: EngineChoice, { home, out, drivers, signal }: Parts): Promise<void> {
  const { rows, dimensions, kinds, filter } = flags
  const none = { peers: undefined, qdrant: undefined, rounds: undefined, quick: false }
  const { shapes, cache } = searchOptionsOf({ rows, dimensions, kinds, ...none })
  const data = await dataSetIn(cache, { ...shapes[0]!, seed: Number(flags.seed) }, signal)
  const progress = startProgress('writing', data.rows, 'rows')
  const driver = drivers.start((done) => progress.update(done))
  signal.addEventListener('abort', () => void drivers.end(driver), { once: true })
  await driver.call('open', { engine: settingsOf(choice, home, {}), data })
  if (flags.what === 'ingest') await driver.call('toggleProfiler')
  const { ingestSeconds, buildSeconds } = await driver.call('ingest')
  progress.end()
  console.log(`  written in ${ingestSeconds.toFixed(1)} s, then indexed in ${buildSeconds.toFixed(1)} s`)
  if (flags.what === 'ingest') await driver.call('toggleProfiler')
  else {
    console.log(`  searching ${data.name} for ${flags.seconds} s`)
    const load = { effort: Number(flags.ef), clients: Number(flags.clients), seconds: Number(flags.seconds) }
    await driver.call('profile', { ...load, filter })
  }
  for (let step = 0; step < doneSteps && !(await readdir(out)).includes('done'); step++) {
    await wait(doneStepMs, undefined, { signal })
  }
}

async function printProfiles(out: string): Promise<void> {
  const names = (await readdir(out)).filter((name) => name.endsWith('.cpuprofile')).sort()
  if (names.length === 0) throw new Error('No profile was written')
  for (const name of names) {
    const profile = JSON.parse(await readFile(join(out, name), 'utf8')) as Profiler.Profile
    console.log(`\n${join(flags.out, name)}: busy ${(busyShare(profile) * 100).toFixed(0)} % of the time`)
    for (const { name, place, milliseconds, share } of topFunctions(profile).slice(0, topCount)) {
      console.log(
        `${(share * 100).toFixed(1).padStart(6)} %  ${milliseconds.toFixed(0).padStart(6)} ms  ${name}  ${place}`,
      )
    }
  }
}
