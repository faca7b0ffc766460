import type { Clock, Timer } from '../../src/runtime/clock.ts'
import { seededRandom, type Random } from '../../src/runtime/random.ts'
import { Finding } from './finding.ts'
import type { Trace } from './trace.ts'

// Invariants of a world:
//   - nothing happens but by its events, one at a time, each only when all that followed from the last one has run;
//   - the order of the events depends on the seed and on what was asked before, never on real time or real I/O.

interface WorldEvent {
  readonly at: number
  readonly order: number
  readonly owner: object
  readonly fire: () => void
}

// A promise may need some turns of the event loop though nothing is pending: long work yields between its slices.
const idleTurnsMax = 2_000
/** Simulated time after which an answer is overdue: slow disks and clock jumps together take less. */
const patienceMs = 12 * 3_600_000

/** Simulated time and the queue of everything that is going to happen: timers, and disk operations that complete. */
export class World {
  readonly trace: Trace
  /** Latencies, and what else is the world's own choice. */
  readonly random: Random
  #events: WorldEvent[] = []
  #order = 0
  #fired = 0
  #ticks = 0
  /** Monotonic milliseconds. */
  #time = 0
  #wallOffset: number
  hasJumped = false

  constructor(seed: number, trace: Trace) {
    this.trace = trace
    this.random = seededRandom(seed)
    this.#wallOffset = 1_700_000_000_000 + Math.floor(this.random.next() * 1e10)
  }

  get time(): number {
    return this.#time
  }

  get wallTime(): number {
    return Math.floor(this.#wallOffset + this.#time)
  }

  /** Events so far. */
  get fired(): number {
    return this.#fired
  }

  /** A number larger than all before: the order in which things were begun and answered. */
  tick(): number {
    return ++this.#ticks
  }

  int(below: number): number {
    return Math.floor(this.random.next() * below)
  }

  jump(ms: number): void {
    this.#wallOffset += ms
    this.hasJumped = true
    this.trace.add(`clock jumps by ${ms} ms to ${new Date(this.wallTime).toISOString()}`)
  }

  schedule(owner: object, delayMs: number, fire: () => void): Timer {
    const event = { at: this.#time + Math.max(0, delayMs), order: this.#order++, owner, fire }
    this.#events.push(event)
    return { cancel: () => void (this.#events = this.#events.filter((other) => other !== event)) }
  }

  pendingOf(owner: object): number {
    return this.#events.filter((event) => event.owner === owner).length
  }

  /** A process is gone: nothing more happens on its behalf. */
  forget(owner: object): void {
    this.#events = this.#events.filter((event) => event.owner !== owner)
  }

  /** Time for one process: its timers go when it does. */
  clockOf(owner: { readonly isDead: boolean }): Clock {
    return {
      now: () => this.wallTime,
      monotonic: () => this.#time,
      after: (delayMs, callback) => {
        if (owner.isDead) return { cancel: () => undefined }
        return this.schedule(owner, delayMs, () => {
          this.trace.add(`timer after ${delayMs} ms`)
          callback()
        })
      },
    }
  }

  /**
   * Lets events happen until the work is done, or until `stop` says so before one of them.
   * @throws Finding if the work waits for something that will never be
   */
  async drive<T>(
    what: string,
    work: Promise<T>,
    stop: () => boolean = () => false,
  ): Promise<PromiseSettledResult<T> | 'stopped'> {
    let settled: PromiseSettledResult<T> | undefined
    work.then(
      (value) => void (settled = { status: 'fulfilled', value }),
      (reason: unknown) => void (settled = { status: 'rejected', reason }),
    )
    const started = this.#time
    let idle = 0
    for (;;) {
      // Everything that follows from the last event runs before this resolves, in an order that is always the same.
      await nextTurn()
      if (settled !== undefined) return settled
      if (stop()) return 'stopped'
      if (this.#fireNext()) {
        idle = 0
        if (this.#time - started > patienceMs) throw new Finding(`no answer for ${patienceMs} ms: ${what}`)
      } else if (++idle > idleTurnsMax) {
        throw new Finding(`nothing is going to happen any more, and there is no answer: ${what}`)
      }
    }
  }

  #fireNext(): boolean {
    let next: WorldEvent | undefined
    for (const event of this.#events) {
      if (next === undefined || event.at < next.at || (event.at === next.at && event.order < next.order))
        next = event
    }
    if (next === undefined) return false
    this.#events.splice(this.#events.indexOf(next), 1)
    this.#time = Math.max(this.#time, next.at)
    this.#fired += 1
    next.fire()
    return true
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
