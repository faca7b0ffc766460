import { preparations, programs, type ActorName, type Preparation } from './actors.ts'
import { checkQuiescence, checkWorld, runAlone } from './invariants.ts'
import type { Bug } from './planted.ts'
import { crashAndRecover, crashesOf } from './recovery.ts'
import { Broken, newActor, readyStep, runStep, type Program } from './step.ts'
import { Missing } from './views.ts'
import { checkedKey, copyWorld, diskKey, emptyWorld, worldKey, type World } from './world.ts'

export interface Exploration {
  readonly preparation: Preparation
  /** Any `actorsMax` of these act at the same time. */
  readonly actors: readonly ActorName[]
  readonly actorsMax: number
  /** These act, one of them, after a crash. Without any, a crash is followed by a start and a look at what is there. */
  readonly afterCrash: readonly ActorName[]
  readonly planted?: Bug
}

export interface Explored {
  readonly states: number
  readonly transitions: number
  /** Crashes that were tried, each followed by recovery. */
  readonly crashes: number
  /** The shortest way to the first thing that is wrong, in words. */
  readonly trace: readonly string[] | undefined
  readonly problem: string | undefined
}

interface Node {
  readonly world: World
  readonly parent: number
  readonly crashed: boolean
}

/**
 * Every interleaving, breadth first, each world once. After every step the invariants are checked, every way to crash
 * is tried, and where nobody acts any more, whether two garbage collections leave just what they should.
 */
export function explore(exploration: Exploration): Explored {
  return new Explorer(exploration).run()
}

class Explorer {
  readonly #options: Exploration
  readonly #programs: Readonly<Record<ActorName, Program>>
  readonly #seen = new Set<string>()
  readonly #disks = new Set<string>()
  readonly #checked = new Set<string>()
  /** By the number of the state: where it came from, and by which step. */
  readonly #parents: number[] = []
  readonly #labels: string[] = []
  #next: Node[] = []
  #transitions = 0
  #crashes = 0
  #found: { readonly problem: string; readonly trace: readonly string[] } | undefined

  constructor(options: Exploration) {
    this.#options = options
    this.#programs = programs(options.planted)
  }

  run(): Explored {
    const world = emptyWorld()
    this.#attempt(-1, 'preparation', () => {
      const steps = preparations[this.#options.preparation]
      steps.forEach((program, index) => runAlone(world, `preparation ${index}`, program))
      this.#visit(world, -1, 'preparation', false)
    })
    while (this.#next.length > 0 && this.#found === undefined) {
      const level = this.#next
      this.#next = []
      for (const node of level) {
        this.#expand(node)
        if (this.#found !== undefined) break
      }
    }
    const { problem, trace } = this.#found ?? { problem: undefined, trace: undefined }
    return {
      states: this.#parents.length,
      transitions: this.#transitions,
      crashes: this.#crashes,
      problem,
      trace,
    }
  }

  #expand({ world, parent: from, crashed }: Node): void {
    const started = [...world.actors.keys()]
    const { actors, actorsMax, afterCrash } = this.#options
    const menu = crashed ? afterCrash : actors
    const canStart = started.length < (crashed ? 1 : actorsMax)
    for (const name of menu) {
      const me = world.actors.get(name) ?? (canStart ? newActor(name) : undefined)
      const step = me === undefined ? undefined : readyStep(world, this.#programs[name], me)
      if (me === undefined || step === undefined) continue
      const label = `the ${name} ${step.says}`
      this.#attempt(from, label, () => {
        const then = copyWorld(world)
        this.#transitions += 1
        runStep(then, this.#programs[name], me, step)
        this.#visit(then, from, label, crashed)
      })
      if (this.#found !== undefined) return
    }
  }

  /** Takes note of a world that has not been seen, and checks it. */
  #visit(world: World, parent: number, label: string, crashed: boolean): void {
    const key = `${crashed ? 'x' : ''}${worldKey(world)}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    const index = this.#parents.length
    this.#parents.push(parent)
    this.#labels.push(label)
    this.#check(world)
    if ([...world.actors.values()].every(({ isAtEnd }) => isAtEnd))
      checkQuiescence(world, this.#programs.collector)
    this.#next.push({ world, parent: index, crashed })
    this.#crash(world, index, crashed)
  }

  #check(world: World): void {
    const key = checkedKey(world)
    if (this.#checked.has(key)) return
    this.#checked.add(key)
    checkWorld(world)
  }

  /** The same disk gives the same start, whatever was in memory. */
  #crash(world: World, index: number, crashed: boolean): void {
    const key = `${crashed ? 'x' : ''}${diskKey(world)}`
    if (this.#disks.has(key)) return
    this.#disks.add(key)
    for (const crash of crashesOf(world)) {
      this.#crashes += 1
      const kept = world.queue.length === 0 ? '' : `, ${crash.survivors} unacknowledged records survive`
      const label = `${crash.kind}${kept}; the database is opened again`
      this.#attempt(index, label, () => {
        const then = crashAndRecover(world, crash, this.#options.planted)
        if (!crashed && this.#options.afterCrash.length > 0) this.#visit(then, index, label, true)
        else checkWorld(then)
      })
      if (this.#found !== undefined) return
    }
  }

  /** Takes note of what is wrong. Anything else that is thrown is a fault of the model itself. */
  #attempt(from: number, label: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      if (!(error instanceof Broken || error instanceof Missing)) throw error
      const trace = [label]
      for (let at = from; at >= 0; at = this.#parents[at]!) trace.unshift(this.#labels[at]!)
      this.#found ??= { problem: error.message, trace }
    }
  }
}
