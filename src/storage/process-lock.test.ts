import { describe, expect, test } from 'vitest'
import { seededRandom, type Random } from '../runtime/random.ts'
import { silentForMs, takeProcessLock, type LockSystem, type ProcessIdentity } from './process-lock.ts'

const here = { boot: 'boot-1', namespace: 'pid:1', host: 'alpha' }

/** One machine's files, processes and time, as several processes see them. */
class Machine {
  readonly files = new Map<string, { content: string; touchedAt: number }>()
  /** Start times of what is running, by `namespace pid`. */
  readonly running = new Map<string, string>()
  now = 0
  /** Called before each system call: tests let other processes go first. */
  beforeCall: () => Promise<void> = async () => undefined
  #timers: { at: number; callback: () => void }[] = []

  process(pid: number, started: string, place = here): LockSystem {
    const self: ProcessIdentity = { pid, started, ...place }
    this.running.set(`${place.namespace} ${pid}`, started)
    const call = async <T>(act: () => T): Promise<T> => {
      await this.beforeCall()
      return act()
    }
    const isRunning = (): boolean => this.running.get(`${place.namespace} ${pid}`) === started
    const put = (path: string, content: string): void =>
      void this.files.set(path, { content, touchedAt: this.now })
    return {
      clock: {
        now: () => this.now,
        monotonic: () => this.now,
        after: (delayMs, callback) => {
          const timer = { at: this.now + delayMs, callback: () => (isRunning() ? callback() : undefined) }
          this.#timers.push(timer)
          return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) }
        },
      },
      self: async () => self,
      startedAt: async (other) => this.running.get(`${place.namespace} ${other}`),
      list: () => call(() => [...this.files.keys()].map((path) => path.slice('/data/'.length))),
      read: (path) => call(() => this.files.get(path)?.content),
      createWhole: (path, content) =>
        call(() => {
          if (this.files.has(path)) return false
          put(path, content)
          return true
        }),
      replaceWhole: (path, content) => call(() => put(path, content)),
      remove: (path) => call(() => void this.files.delete(path)),
      touch: async (path) => {
        const file = this.files.get(path)
        if (file === undefined) throw Object.assign(new Error('gone'), { code: 'ENOENT' })
        file.touchedAt = this.now
      },
      touchedAt: async (path) => this.files.get(path)?.touchedAt,
    }
  }

  kill(pid: number, place = here): void {
    this.running.delete(`${place.namespace} ${pid}`)
  }

  /** Turns the clock, step by step, and lets what wakes up run. */
  async pass(ms: number): Promise<void> {
    for (let step = 0; step < ms; step += 100) {
      this.now += 100
      const due = this.#timers.filter((timer) => timer.at <= this.now)
      this.#timers = this.#timers.filter((timer) => timer.at > this.now)
      for (const timer of due) timer.callback()
      await settle()
    }
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const take = (system: LockSystem, owner = 'owner') => takeProcessLock(system, '/data/lock', owner)
type Taken = Awaited<ReturnType<typeof take>>
const isHeld = (taken: Taken): boolean => 'release' in taken

async function release(taken: Taken): Promise<void> {
  if ('release' in taken) await taken.release()
}

describe('on one machine', () => {
  test('a second process is refused and told the owner; after release it gets the lock', async () => {
    const machine = new Machine()
    const first = await take(machine.process(10, '100'), 'the first')
    expect(await take(machine.process(11, '110'))).toEqual({ heldBy: 'the first (process 10 on alpha)' })
    await release(first)
    expect(isHeld(await take(machine.process(11, '110')))).toBe(true)
  })

  test('the same process is refused a second time', async () => {
    const machine = new Machine()
    const process = machine.process(10, '100')
    await take(process)
    expect(isHeld(await take(process))).toBe(false)
  })

  test('a killed owner does not keep it, nor another process that has got its id', async () => {
    const machine = new Machine()
    await take(machine.process(10, '100'))
    machine.kill(10)
    expect(isHeld(await take(machine.process(11, '110')))).toBe(true)
    machine.kill(11)
    machine.process(11, '999')
    expect(isHeld(await take(machine.process(12, '120')))).toBe(true)
  })

  test('a process that has the id of the killed owner itself gets it', async () => {
    const machine = new Machine()
    await take(machine.process(1, '100'))
    machine.kill(1)
    expect(isHeld(await take(machine.process(1, '200')))).toBe(true)
  })

  test('releasing twice does not free the next owner', async () => {
    const machine = new Machine()
    const first = await take(machine.process(10, '100'))
    await release(first)
    await take(machine.process(11, '110'))
    await release(first)
    expect(isHeld(await take(machine.process(12, '120')))).toBe(false)
  })

  test('what power loss left of a claim does not keep it', async () => {
    for (const content of ['', '{"owner":"x', '\0\0\0', 'null', '[]', '{}']) {
      const machine = new Machine()
      machine.files.set('/data/lock.7', { content, touchedAt: 0 })
      expect(isHeld(await take(machine.process(10, '100')))).toBe(true)
    }
  })

  test('a restarted machine frees it', async () => {
    const machine = new Machine()
    await take(machine.process(10, '100'))
    expect(
      isHeld(await take(machine.process(10, '100', { ...here, boot: 'boot-2', namespace: 'pid:2' }))),
    ).toBe(true)
  })

  test('claims do not pile up', async () => {
    const machine = new Machine()
    for (let n = 0; n < 50; n++) await release(await take(machine.process(10 + n, String(n))))
    expect(machine.files.size).toBeLessThanOrEqual(2)
  })
})

describe('in another container or on another machine', () => {
  const elsewhere = { boot: 'boot-1', namespace: 'pid:9', host: 'beta' }

  test('an owner that beats keeps it', async () => {
    const machine = new Machine()
    await take(machine.process(10, '100', elsewhere), 'far away')
    const waiting = take(machine.process(10, '100'))
    await settle()
    await machine.pass(silentForMs)
    expect(await waiting).toEqual({ heldBy: 'far away (process 10 on beta)' })
  })

  test('an owner that has fallen silent loses it', async () => {
    const machine = new Machine()
    await take(machine.process(10, '100', elsewhere))
    await machine.pass(3000)
    machine.kill(10, elsewhere)
    const waiting = take(machine.process(10, '100'))
    await settle()
    await machine.pass(silentForMs)
    expect(isHeld(await waiting)).toBe(true)
  })
})

// Goal: never two holders. Method: processes that come, hold, release and die, each system call delayed at random,
// some of them for so long that the others take and leave the lock many times meanwhile.
test('of processes that come and go at once, never two hold it', async () => {
  const seed = Number(process.env['STILLPOINT_SEED'] ?? 20481)
  const random = seededRandom(seed)
  let taken = 0
  for (let round = 0; round < 400; round++) {
    const machine = new Machine()
    machine.beforeCall = () => dawdle(random)
    let pids = 1
    const holders = new Set<number>()
    const contender = async (): Promise<void> => {
      for (let life = 0; life < 8; life++) {
        const pid = pids++
        const lock = await take(machine.process(pid, String(pid)))
        if (!('release' in lock)) continue
        holders.add(pid)
        taken++
        expect([...holders], `seed ${seed}, round ${round}`).toEqual([pid])
        await dawdle(random)
        holders.delete(pid)
        if (random.next() < 0.5) machine.kill(pid)
        else await lock.release()
      }
    }
    await Promise.all([1, 2, 3, 4].map(contender))
  }
  expect(taken).toBeGreaterThan(1000)
})

/** Lets a random number of other steps go first: mostly few, now and then very many. */
async function dawdle(random: Random): Promise<void> {
  const most = random.next() < 0.05 ? 300 : 6
  for (let n = Math.floor(random.next() * most); n > 0; n--) await Promise.resolve()
}
