import type { Database } from '../../src/index.ts'
import { seededRandom, type Random } from '../../src/runtime/random.ts'
import type { Disk } from '../../src/storage/disk.ts'
import { openQuietly, type Open } from './crash-suite.ts'
import { copyOf, fingerprintOf, History } from './history.ts'
import { ModelDatabase } from './model.ts'
import { SimulatedDisk, type CrashVariant } from './simulated-disk.ts'
import { verifyAllSnapshots } from './verify-snapshots.ts'

// Goal: a database that was recovered can be trusted like one that never crashed: it lives on, and crashes again,
//   also while it recovers. What a killed process left unsynced may be lost by the power failure that follows.
// Method: one disk goes through many lives. Each begins with a recovery, goes on for a few operations, and ends before
//   one of its mutations, in one of three ways; other ends of the same life are looked at as well, and left.

/** What may be found after a crash before mutation `at`. */
interface Mark {
  readonly at: number
  readonly promised: ModelDatabase
  /** The state after the operation under way, if there is one. */
  readonly possible: ModelDatabase
}

export interface LivesOptions {
  readonly seed: number
  readonly lives: number
  /** Operations of one life, at most. */
  readonly length: number
  /** Ends of each life that are looked at and left. */
  readonly ends: number
  readonly plant?: (disk: Disk) => Disk
}

export interface LivesResult {
  readonly points: number
  readonly finding: string | undefined
}

export async function runLives(open: Open, options: LivesOptions): Promise<LivesResult> {
  const lives = new Lives(open, options)
  try {
    await lives.run()
    return { points: lives.points, finding: undefined }
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { points: lives.points, finding: `seed ${options.seed}: ${text}\n${lives.story.join('\n')}` }
  }
}

class Lives {
  points = 0
  readonly story: string[] = []
  readonly #open: Open
  readonly #options: LivesOptions
  readonly #random: Random
  #opened = 0

  constructor(open: Open, options: LivesOptions) {
    this.#open = open
    this.#options = options
    this.#random = seededRandom(options.seed)
  }

  async run(): Promise<void> {
    let disk = new SimulatedDisk()
    let mark: Mark = { at: 0, promised: new ModelDatabase(), possible: new ModelDatabase() }
    for (let life = 0; life < this.#options.lives; life++) {
      const marks = await this.#live(disk, mark)
      for (let n = 0; n < this.#options.ends; n++) {
        const end = this.#chooseEnd(disk)
        const db = await this.#reopen(disk.stateAt(end.at, end.variant))
        await this.#find(db, markAt(marks, end.at), `end at ${end.at} ${JSON.stringify(end.variant)}`)
        await db.close()
        this.points += 1
      }
      const end = this.#chooseEnd(disk)
      this.story.push(`-- ${JSON.stringify(end.variant)} before mutation ${end.at} of ${disk.journal.length}`)
      mark = markAt(marks, end.at)
      disk = disk.stateAt(end.at, end.variant)
      this.points += 1
    }
  }

  /** One life: recovery, some operations. Gives what was promised when. */
  async #live(disk: SimulatedDisk, { promised, possible }: Mark): Promise<readonly Mark[]> {
    const marks: Mark[] = [{ at: disk.journalStart, promised, possible }]
    const db = await this.#reopen(disk)
    const model = await this.#find(db, marks[0]!, 'after the start')
    // From here what was found is as good as acknowledged.
    marks.push({ at: disk.journal.length, promised: copyOf(model), possible: copyOf(model) })
    const history = new History(db, model, this.#random, { maintenance: 20 })
    history.onIntent = (next) =>
      marks.push({ at: disk.journal.length, promised: copyOf(model), possible: copyOf(next) })
    const length = 1 + Math.floor(this.#random.next() * this.#options.length)
    for (let step = 0; step < length; step++) {
      this.story.push(await history.step())
      marks.push({ at: disk.journal.length, promised: copyOf(model), possible: copyOf(model) })
    }
    await this.#find(db, marks.at(-1)!, 'before the end')
    await verifyAllSnapshots(db)
    await db.close()
    return marks
  }

  #chooseEnd(disk: SimulatedDisk): { readonly at: number; readonly variant: CrashVariant } {
    const mutations = disk.journal.length - disk.journalStart
    const at = disk.journalStart + Math.floor(this.#random.next() * (mutations + 1))
    const kind = this.#random.next()
    if (kind < 0.4) return { at, variant: 'all' }
    if (kind < 0.6) return { at, variant: 'synced' }
    return { at, variant: { torn: Math.floor(this.#random.next() * 2 ** 31) } }
  }

  /** Opens with randomness of its own: in truth no id comes twice. */
  #reopen(disk: SimulatedDisk): Promise<Database> {
    this.#opened += 1
    const plant = this.#options.plant ?? ((plain: Disk) => plain)
    return openQuietly(this.#open, plant(disk), this.#options.seed * 100_000 + this.#opened)
  }

  /** Which of the two states that may be there is there. */
  async #find(db: Database, { promised, possible }: Mark, when: string): Promise<ModelDatabase> {
    const found = await fingerprintOf(db)
    if (found === possible.fingerprint()) return copyOf(possible)
    if (found === promised.fingerprint()) return copyOf(promised)
    throw new Error(
      `${when}: found\n${found}\npromised\n${promised.fingerprint()}\npossible\n${possible.fingerprint()}`,
    )
  }
}

function markAt(marks: readonly Mark[], at: number): Mark {
  return marks.findLast((mark) => mark.at <= at)!
}
