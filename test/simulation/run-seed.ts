import type { Database } from '../../src/index.ts'
import { open as openDatabase } from '../../src/index.ts'
import { seededRandom, type Random } from '../../src/runtime/random.ts'
import type { Disk } from '../../src/storage/disk.ts'
import { openQuietly, unreachable, type Open } from '../support/crash-suite.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'
import { verifyAllSnapshots } from '../support/verify-snapshots.ts'
import { ExpectedState } from './expected-state.ts'
import { drawKinds, faultKinds, LifeFaults, type FaultKind } from './faults.ts'
import { Finding, textOf } from './finding.ts'
import { Killed, Life, storeRoot } from './life.ts'
import type { ArchiveShelf } from './operations/draw.ts'
import { World } from './simulated-world.ts'
import { Trace } from './trace.ts'

// Goal: a database that is used by several users at once, on a disk that fails in every way it can, in processes that die
//   at any moment, keeps I1 to I7; and whatever it did wrong can be seen again, step by step.
// Method: one seed decides everything. One disk goes through many lives; each is a process that recovers, serves some
//   rounds of operations, and ends. Where an answer is missing the model follows every way it may have gone.

export interface SeedOptions {
  readonly seed: number
  /** Operations in all, at least. */
  readonly steps: number
  readonly faults?: readonly FaultKind[]
  readonly open?: Open
  readonly plant?: (disk: Disk) => Disk
  readonly onLine?: (line: string) => void
}

export interface SeedResult {
  readonly seed: number
  readonly finding: string | undefined
  /** Equal for two runs in which the same happened. */
  readonly hash: string
  readonly steps: number
  readonly lives: number
  readonly events: number
  /** The last lines of the trace. */
  readonly trace: readonly string[]
}

export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  await loadOnce(options.open ?? openDatabase)
  const trace = new Trace(options.onLine)
  const simulation = new Simulation(options, trace)
  let finding: string | undefined
  try {
    await simulation.run()
  } catch (error) {
    finding = error instanceof Finding ? error.message : textOf(error)
    trace.add(`finding: ${finding.split('\n')[0]!}`)
  }
  return {
    seed: options.seed,
    finding,
    hash: trace.hash(),
    steps: simulation.steps,
    lives: simulation.lives,
    events: simulation.world.fired,
    trace: trace.last(),
  }
}

const loaded = new WeakSet<Open>()

/** What an engine loads when it is first used comes from the real disk, in real time: before anything is simulated. */
async function loadOnce(open: Open): Promise<void> {
  if (loaded.has(open)) return
  loaded.add(open)
  const disk = new SimulatedDisk()
  const db = await openQuietly(open, disk, 1)
  const collection = await db.createCollection('c', { vectors: { '': { size: 2, distance: 'Dot' } } })
  await collection.upsert([{ id: 1, vectors: { '': [1, 2] } }])
  await collection.query({ vector: [1, 2] })
  await db.createSnapshot()
  await db.flush()
  await db.close()
  await (await openQuietly(open, disk, 2)).close()
}

class Simulation {
  steps = 0
  lives = 0
  readonly world: World
  readonly #options: SeedOptions
  readonly #trace: Trace
  readonly #random: Random
  readonly #archives: ArchiveShelf = { files: new Map() }
  #names = 0
  #disk: SimulatedDisk
  #states: readonly ExpectedState[] = [new ExpectedState()]

  constructor(options: SeedOptions, trace: Trace) {
    this.#options = options
    this.#trace = trace
    this.world = new World(options.seed, trace)
    this.#random = seededRandom(options.seed ^ 0x5eed)
    this.#disk = this.#newDisk()
  }

  async run(): Promise<void> {
    while (this.steps < this.#options.steps) {
      await this.#live(drawKinds(this.#random, this.#options.faults ?? faultKinds))
    }
    await this.#live(new Set())
    await this.#checkInvariants()
  }

  #int(below: number): number {
    return Math.floor(this.#random.next() * below)
  }

  #newDisk(): SimulatedDisk {
    return new SimulatedDisk({ now: () => this.world.wallTime })
  }

  #newLife(kinds: ReadonlySet<FaultKind>): { readonly life: Life; readonly faults: LifeFaults } {
    this.lives += 1
    const faults = new LifeFaults(this.#random, kinds)
    this.#trace.add(`-- life ${this.lives}: ${[...kinds].join(', ') || 'no faults'}`)
    const life = new Life(
      {
        world: this.world,
        disk: this.#disk,
        faults,
        open: this.#options.open ?? openDatabase,
        plant: this.#options.plant ?? ((disk) => disk),
        // Randomness of its own: in truth no id comes twice.
        seed: this.#options.seed * 1_000 + this.lives,
        random: this.#random,
        archives: this.#archives,
        newName: (prefix) => `${prefix}${(this.#names += 1)}`,
      },
      this.#states,
    )
    return { life, faults }
  }

  async #live(kinds: ReadonlySet<FaultKind>): Promise<void> {
    const { life, faults } = this.#newLife(kinds)
    try {
      if (await life.open(this.#random.next() < 0.7)) await this.#serve(life)
      this.#states = life.states
      // What a process that ended well has acknowledged is durable too.
      if (this.#int(4) === 0) this.#lose(new LifeFaults(this.#random, new Set(['power'])))
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      this.#trace.add(`the process is killed: ${error.message}`)
      await life.bury()
      this.#states = life.states
      this.#lose(faults)
    }
  }

  async #serve(life: Life): Promise<void> {
    const rounds = 1 + this.#int(12)
    const closesAmid = this.#int(5) === 0
    for (let round = 0; round < rounds && !life.isDoubtful; round++) {
      this.steps += await life.round({ closes: closesAmid && round === rounds - 1 })
      if (this.#int(5) === 0 && !(closesAmid && round === rounds - 1))
        await life.compare('between operations')
    }
    // Only what was acknowledged is there as long as the process lives; the rest comes to light at the next start.
    await life.close()
  }

  #lose(faults: LifeFaults): void {
    const variant = faults.crashVariant()
    this.#trace.add(`the disk after ${JSON.stringify(variant)}, ${this.#disk.journal.length} mutations`)
    const now = (): number => this.world.wallTime
    this.#disk = this.#disk.stateAt(this.#disk.journal.length, variant, { now })
  }

  /** At the end, with a disk that is well: nothing is lost, nothing is left over, all of it can be verified. */
  async #checkInvariants(): Promise<void> {
    const { life } = this.#newLife(new Set())
    await life.open(false)
    await life.use('verify every snapshot', verifyAllSnapshots)
    await life.use('flush, and collect garbage twice', collectTwice)
    await life.compare('after two garbage collections')
    const left = await unreachable(this.#disk)
    if (left.length > 0) throw new Finding(`after two garbage collections nothing reaches ${left.join(', ')}`)
    const staged = this.#disk.paths().filter((path) => path.startsWith(`${storeRoot}/tmp/`))
    if (staged.length > 0) throw new Finding(`after a start there is ${staged.join(', ')}`)
    await life.close()
  }
}

async function collectTwice(db: Database): Promise<void> {
  await db.flush()
  await db.collectGarbage()
  await db.collectGarbage()
}
