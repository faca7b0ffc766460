import type { Database, OpenOptions } from '../../src/index.ts'
import { seededRandom, type Random } from '../../src/runtime/random.ts'
import { vectorMemoryStats } from '../../src/graph/vector-memory.ts'
import type { Disk } from '../../src/storage/disk.ts'
import type { Open } from '../support/crash-suite.ts'
import type { SimulatedDisk } from '../support/simulated-disk.ts'
import { distinct, observe, type ExpectedState } from './expected-state.ts'
import type { LifeFaults } from './faults.ts'
import { Finding, textOf } from './finding.ts'
import { judgeError } from './judge-error.ts'
import { statesAfter, type Call } from './linearize.ts'
import { drawOperation } from './operations/draw-operation.ts'
import { archiveDirectory, type ArchiveShelf, type Operation, type Surroundings } from './operations/draw.ts'
import { ProcessDisk } from './process-disk.ts'
import type { World } from './simulated-world.ts'

export const storeRoot = '/data/store'

export interface LifeOptions {
  readonly world: World
  readonly disk: SimulatedDisk
  readonly faults: LifeFaults
  readonly open: Open
  /** A bug between the engine and the disk. */
  readonly plant: (disk: Disk) => Disk
  /** Of the engine. */
  readonly seed: number
  /** Of what users do. */
  readonly random: Random
  readonly archives: ArchiveShelf
  readonly newName: (prefix: string) => string
}

/** The process died in the middle of something; its disk is to be taken as the crash left it. */
export class Killed extends Error {
  override readonly name = 'Killed'
}

/** One process from its start to its end. */
export class Life {
  readonly #options: LifeOptions
  readonly #disk: ProcessDisk
  readonly #memoryBefore = vectorMemoryStats().bytesInUse
  readonly #endsAt: number
  #opening: Promise<Database> | undefined
  #db: Database | undefined
  #surroundings: Surroundings | undefined
  /** Everything that was begun, so that it is over before the next life. */
  readonly #begun: Promise<unknown>[] = []
  readonly #sleepers = new Set<() => void>()
  #isClosing = false
  /** What the database may hold: more than one state while answers are missing. */
  states: readonly ExpectedState[]
  /** True once an operation failed without telling whether it happened: the log may take no more. */
  isDoubtful = false

  constructor(options: LifeOptions, states: readonly ExpectedState[]) {
    this.#options = options
    this.states = states
    this.#disk = new ProcessDisk(options.world, options.disk, options.faults)
    this.#endsAt = options.world.fired + options.faults.endsAfter
  }

  /** False if it could not be opened, for a reason that the faults give. @throws Killed */
  async open(background: boolean): Promise<boolean> {
    const { world, random, seed, plant } = this.#options
    const int = (below: number): number => Math.floor(random.next() * below)
    const options: OpenOptions = {
      unstable_disk: plant(this.#disk),
      clock: world.clockOf(this.#disk),
      random: seededRandom(seed),
      workers: 0,
      background,
      flushOnClose: random.next() < 0.5,
      logRotateBytes: 512 << int(6),
      memtableBytesMax: 2_048 << int(8),
      checkpointIntervalMs: Math.floor(10 ** (1.3 + 3.5 * random.next())),
    }
    world.trace.add(`open, seed ${seed}, ${background ? 'with' : 'without'} background work`)
    this.#opening = this.#options.open(storeRoot, options)
    this.#begun.push(this.#opening)
    const opened = await this.#drive('open', this.#opening)
    if (opened.status === 'rejected') {
      this.#judge(opened.reason, 'open')
      this.#checkEnd('a failed open')
      return false
    }
    this.#db = opened.value
    const { newName, archives } = this.#options
    this.#surroundings = {
      db: this.#db,
      random,
      newName,
      archives,
      folder: this.#db.archiveFolder(archiveDirectory),
      sleep: (ms) => this.#sleep(ms),
      jumpClock: (ms) => world.jump(ms),
      hasJumped: () => world.hasJumped,
      moments: () => [...this.states[0]!.moments.keys()],
    }
    await this.compare('after the start')
    return true
  }

  /** Some users at once, each doing one thing after the other. @throws Killed */
  async round(options: { readonly closes?: boolean } = {}): Promise<number> {
    this.#learn()
    const { random } = this.#options
    const users = 1 + Math.floor(random.next() * 4)
    const calls: Call[] = []
    const work = Array.from({ length: users }, () => this.#user(calls, 1 + Math.floor(random.next() * 3)))
    if (options.closes === true) work.push(this.#closeAmid())
    const all = Promise.all(work)
    this.#begun.push(all)
    try {
      const ended = await this.#drive('a round of operations', all)
      if (ended.status === 'rejected') throw ended.reason as Error
    } catch (error) {
      // Whatever was acknowledged before the end counts.
      if (error instanceof Killed) this.#conclude(calls)
      throw error
    }
    this.#conclude(calls)
    return calls.length
  }

  /** What can be seen must be what one of the states shows. @throws Killed */
  async compare(when: string): Promise<void> {
    const found = await this.#drive(`compare ${when}`, observe(this.#db!))
    if (found.status === 'rejected') {
      this.#judge(found.reason, `reading everything ${when}`)
      return
    }
    const states = this.states.filter((state) => state.fingerprint() === found.value)
    if (states.length === 0) throw new Finding(`${when}:\n${difference(found.value, this.states)}`)
    // What a process refused after its log had failed may come to light at the next start.
    if (!this.isDoubtful) this.states = states
    this.#learn()
  }

  /** @throws Killed */
  async close(): Promise<void> {
    this.#isClosing = true
    const closed = await this.#drive('close', this.#db!.close())
    if (closed.status === 'rejected') this.#judge(closed.reason, 'close')
    this.#checkEnd('close')
  }

  /** Does something else with the database. @throws Killed */
  async use<T>(what: string, work: (db: Database) => Promise<T>): Promise<T> {
    const used = await this.#drive(what, work(this.#db!))
    if (used.status === 'fulfilled') return used.value
    this.#judge(used.reason, what)
    throw new Finding(`${what} failed: ${textOf(used.reason)}`)
  }

  /** The process is dead: what it has in memory is given back, as far as this test's own process is concerned. */
  async bury(): Promise<void> {
    await this.#disk.kill()
    for (const wake of this.#sleepers) wake()
    const { world } = this.#options
    const over = async (): Promise<void> => {
      await Promise.allSettled(this.#begun)
      const db = await this.#opening?.catch(() => undefined)
      await db?.close().catch(() => undefined)
    }
    await world.drive('the end of a dead process', over())
    this.#checkMemory('the end of a dead process')
  }

  /** Ends at once if the process does. */
  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#sleepers.add(resolve)
      this.#options.world.schedule(this.#disk, ms, () => {
        this.#sleepers.delete(resolve)
        resolve()
      })
    })
  }

  async #user(calls: Call[], count: number): Promise<void> {
    const { world, faults } = this.#options
    for (let n = 0; n < count && !this.isDoubtful && !this.#isClosing && !this.#disk.isDead; n++) {
      const operation = drawOperation(this.#surroundings!, faults.kinds.has('clock'))
      const call: Call = {
        text: operation.text,
        begun: world.tick(),
        ended: undefined,
        answer: undefined,
        possibilities: (state, answer) => operation.possibilities(state, answer),
      }
      calls.push(call)
      world.trace.add(`begin ${call.begun}: ${operation.text}`)
      await this.#send(operation, call, calls)
    }
  }

  async #send(operation: Operation, call: Call, calls: Call[]): Promise<void> {
    const { world } = this.#options
    try {
      call.answer = await operation.send()
    } catch (error) {
      if (this.#disk.isDead) return
      const verdict = this.#judge(error, operation.text)
      if (typeof verdict === 'object') call.answer = { text: verdict.refused }
      else if (verdict === 'unchanged') calls.splice(calls.indexOf(call), 1)
      else this.isDoubtful = true
      world.trace.add(`end ${call.begun}: ${typeof verdict === 'object' ? verdict.refused : verdict}`)
    }
    if (this.#disk.isDead) call.answer = undefined
    if (call.answer === undefined) return
    call.ended = world.tick()
    world.trace.add(`end ${call.begun}: ${call.answer.text} ${call.answer.seq ?? ''}`)
  }

  async #closeAmid(): Promise<void> {
    await this.#surroundings!.sleep(this.#options.random.next() * 20)
    this.#isClosing = true
    this.#options.world.trace.add('close amid operations')
    await this.#db!.close().catch((error: unknown) => void this.#judge(error, 'close amid operations'))
  }

  #conclude(calls: readonly Call[]): void {
    const states = statesAfter(this.states, calls)
    if (states.length === 0)
      throw new Finding(`no order of these explains what they answered:\n${story(calls)}`)
    this.states = states
  }

  /** While nothing is under way, names and ids of collections belong together, and a state to a number. */
  #learn(): void {
    const seq = this.#db!.stats().appliedSeq
    const ids = new Map(this.#db!.listCollections().map(({ name, id }) => [name, id]))
    this.states = distinct(
      this.states.map((state) =>
        state.with((next) => {
          for (const name of next.collections.keys()) next.ids.set(name, ids.get(name))
          if (!this.isDoubtful) next.rememberMoment(seq)
        }),
      ),
    )
  }

  #judge(error: unknown, what: string): ReturnType<typeof judgeError> {
    return judgeError(error, what, this.#options.faults, this.#isClosing)
  }

  async #drive<T>(what: string, work: Promise<T>): Promise<PromiseSettledResult<T>> {
    const { world } = this.#options
    // Its end is waited for elsewhere, should the process die first.
    work.catch(() => undefined)
    this.#begun.push(work)
    const ended = await world.drive(what, work, () => this.#isOver())
    if (ended === 'stopped') throw new Killed(what)
    return ended
  }

  #isOver(): boolean {
    const { world, faults } = this.#options
    return world.fired >= this.#endsAt || faults.isOver
  }

  /** Of a process that ended as it should: nothing is open, nothing is under way, nothing is going to happen. */
  #checkEnd(when: string): void {
    const { world } = this.#options
    if (this.#disk.openFiles.length > 0)
      throw new Finding(`after ${when} files are open: ${this.#disk.openFiles.join(', ')}`)
    if (this.#disk.underWay > 0) throw new Finding(`after ${when} the disk is still used`)
    if (world.pendingOf(this.#disk) > 0) throw new Finding(`after ${when} a timer is still set`)
    this.#checkMemory(when)
  }

  #checkMemory(when: string): void {
    const left = vectorMemoryStats().bytesInUse - this.#memoryBefore
    if (left !== 0) throw new Finding(`after ${when} ${left} bytes of vector memory are still in use`)
  }
}

function story(calls: readonly Call[]): string {
  return calls
    .map(
      ({ text, begun, ended, answer }) =>
        `  ${begun}-${ended ?? '?'} ${text} => ${answer?.text ?? 'no answer'} ${answer?.seq ?? ''}`,
    )
    .join('\n')
}

function difference(found: string, states: readonly ExpectedState[]): string {
  const lines = new Set(found.split('\n'))
  const closest = states
    .map((state) => state.fingerprint().split('\n'))
    .map((expected) => ({
      missing: expected.filter((line) => !lines.has(line)),
      extra: [...lines].filter((line) => !expected.includes(line)),
    }))
    .sort((a, b) => a.missing.length + a.extra.length - b.missing.length - b.extra.length)[0]
  return `of ${states.length} states that there may be, the closest differs\nexpected\n${closest?.missing.join('\n') ?? ''}\nfound\n${closest?.extra.join('\n') ?? ''}`
}
