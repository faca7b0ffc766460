import type { Clock, Timer } from '../runtime/clock.ts'
import type { DiskLock } from './disk.ts'

// A lock that a killed process cannot leave behind, made of what every file system has.
//
// Each claim is a file `<path>.<number>`, made whole and exclusively (a hard link of a finished file). The
// holder is the owner of the highest number; whoever finds that owner dead or gone claims the next number.
//
// Invariants:
//   - a number is claimed by one process at most, and a dead claim never comes to life again;
//   - the highest number is never deleted: releasing replaces its content. So a claimant who acted on an old
//     listing always finds a higher number afterwards, and withdraws.

/** What identifies a process beyond its id, which the system uses again. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start time in clock ticks since boot; empty where the system does not tell. */
  readonly started: string
  /** One run of a kernel, and one space of process ids in it (a container has its own). */
  readonly boot: string
  readonly namespace: string
  readonly host: string
}

/** The system calls behind the lock; `nodeDisk` has the real ones. */
export interface LockSystem {
  readonly clock: Clock
  self(): Promise<ProcessIdentity>
  /** The start time of a process of this kernel and namespace; undefined if there is none (or only a zombie). */
  startedAt(pid: number): Promise<string | undefined>
  list(directory: string): Promise<readonly string[]>
  read(path: string): Promise<string | undefined>
  /** Makes the file with its content in one step; false if it exists. */
  createWhole(path: string, content: string): Promise<boolean>
  replaceWhole(path: string, content: string): Promise<void>
  remove(path: string): Promise<void>
  /** Sets the time of last change to now. */
  touch(path: string): Promise<void>
  /** Time of last change in ms, only ever compared with itself. */
  touchedAt(path: string): Promise<number | undefined>
}

interface Claim extends ProcessIdentity {
  readonly owner: string
}

const beatEveryMs = 1000
/** How long a holder that we cannot see may miss its beat before it counts as dead. */
export const silentForMs = 5000
const attemptsMax = 20

/** Takes the lock or names its holder. Waits only for a holder in another container or on another machine. */
export async function takeProcessLock(
  system: LockSystem,
  path: string,
  owner: string,
): Promise<DiskLock | { readonly heldBy: string }> {
  const self = await system.self()
  const content = JSON.stringify({ owner, ...self } satisfies Claim)
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const newest = (await claimNumbers(system, path)).at(-1) ?? 0
    const claim = newest === 0 ? undefined : await readClaim(system, `${path}.${newest}`)
    if (claim !== undefined && (await isAlive(system, self, claim, `${path}.${newest}`))) {
      return { heldBy: describe(claim) }
    }
    const own = newest + 1
    if (!(await system.createWhole(`${path}.${own}`, content))) continue
    const numbers = await claimNumbers(system, path)
    if (numbers.some((number) => number > own)) {
      await system.remove(`${path}.${own}`)
      continue
    }
    // The one before ours stays: a listing that runs while we delete must not miss both.
    for (const number of numbers) if (number < newest) await system.remove(`${path}.${number}`)
    return new HeldLock(system, `${path}.${own}`)
  }
  return { heldBy: 'processes that come and go: try again' }
}

class HeldLock implements DiskLock {
  readonly #system: LockSystem
  readonly #path: string
  #timer: Timer | undefined
  #beat: Promise<void> = Promise.resolve()
  #released = false

  constructor(system: LockSystem, path: string) {
    this.#system = system
    this.#path = path
    this.#schedule()
  }

  async release(): Promise<void> {
    if (this.#released) return
    this.#released = true
    this.#timer?.cancel()
    await this.#beat
    await this.#system.replaceWhole(this.#path, '')
  }

  #schedule(): void {
    this.#timer = this.#system.clock.after(beatEveryMs, () => {
      this.#beat = this.#touch()
    })
  }

  async #touch(): Promise<void> {
    try {
      await this.#system.touch(this.#path)
    } catch {
      // A missed beat matters only if they all fail; then the disk is gone, and every write says so.
    }
    if (!this.#released) this.#schedule()
  }
}

async function claimNumbers(system: LockSystem, path: string): Promise<readonly number[]> {
  const slash = path.lastIndexOf('/')
  const prefix = `${path.slice(slash + 1)}.`
  const names = await system.list(slash < 0 ? '.' : path.slice(0, slash) || '/')
  return names
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,14}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b)
}

/** Undefined for a released claim, and for one that the disk lost in a power failure: its process is gone as well. */
async function readClaim(system: LockSystem, path: string): Promise<Claim | undefined> {
  const text = await system.read(path)
  if (text === undefined || text === '') return undefined
  try {
    const claim = JSON.parse(text) as Partial<Claim> | null
    return typeof claim?.pid === 'number'
      ? ({ owner: '', started: '', boot: '', namespace: '', host: '', ...claim } as Claim)
      : undefined
  } catch {
    // Claims appear whole, so half a claim is what a power failure left of one.
    return undefined
  }
}

async function isAlive(
  system: LockSystem,
  self: ProcessIdentity,
  claim: Claim,
  path: string,
): Promise<boolean> {
  if (claim.boot === self.boot && claim.namespace === self.namespace) {
    return (await system.startedAt(claim.pid)) === claim.started
  }
  // The same machine under a new boot: nothing of the old one is running.
  if (claim.host === self.host && claim.boot !== self.boot) return false
  // Another container or machine: its process ids mean nothing here, so watch whether it beats.
  const before = await system.touchedAt(path)
  await new Promise<void>((resolve) => system.clock.after(silentForMs, resolve))
  return (await system.touchedAt(path)) !== before
}

function describe(claim: Claim): string {
  return `${claim.owner} (process ${claim.pid} on ${claim.host})`
}
