import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/runtime/random.ts'
import { openLocalObjectStore } from '../../src/storage/local-object-store.ts'
import type { Disk } from '../../src/storage/disk.ts'
import { skipDirectorySync, skipFileSync, swappedRename } from '../support/disk-faults.ts'
import { SimulatedDisk, type CrashVariant } from '../support/simulated-disk.ts'

// Goal: what a put or a deletion has promised holds after a crash at any point, and no object is ever there in part.
// Method: one generated history over a simulated disk; before each of its mutations, the disk as several crashes
// leave it is opened and compared with what was promised by then.

const root = '/data/store'
const seed = Number(process.env['STILLPOINT_SEED'] ?? 20481)

interface Step {
  readonly key: string
  /** The object's bytes from here on; undefined: deleted. */
  readonly body: Uint8Array | undefined
  begun: number
  /** The first mutation that came after the promise. */
  done: number
}

interface History {
  readonly disk: SimulatedDisk
  readonly steps: Step[]
}

async function runHistory(plant: (disk: Disk) => Disk = (disk) => disk, length = 60): Promise<History> {
  const random = seededRandom(seed)
  const disk = new SimulatedDisk()
  const store = await openLocalObjectStore({ disk: plant(disk), root, random })
  const keys = [
    'segments/a/rows',
    'segments/a/graph',
    'segments/b/rows',
    'catalog/1',
    'catalog/2',
    'deep/er/and/deeper',
  ]
  const steps: Step[] = []
  const act = async (key: string): Promise<void> => {
    const isPut = random.next() < 0.7
    const body = Buffer.alloc(Math.floor(random.next() * 2000), `${key} ${steps.length} `)
    const step: Step = { key, body: isPut ? body : undefined, begun: disk.journal.length, done: Infinity }
    steps.push(step)
    await (isPut ? store.put(key, body) : store.delete([key]))
    step.done = disk.journal.length
  }
  while (steps.length < length) {
    // Several at once, but never two on one key: their order would be anybody's guess.
    const first = Math.floor(random.next() * keys.length)
    await Promise.all(
      [0, 1, 2].slice(0, 1 + Math.floor(random.next() * 3)).map((n) => act(keys[(first + n) % keys.length]!)),
    )
  }
  return { disk, steps }
}

/** The problems found in the disk as a crash before mutation `index` leaves it. */
async function check({ disk, steps }: History, index: number, variant: CrashVariant): Promise<string[]> {
  const crashed = disk.stateAt(index, variant)
  const store = await openLocalObjectStore({ disk: crashed, root })
  const problems: string[] = []
  const found = new Map<string, string>()
  for (const { key } of await store.list('')) found.set(key, Buffer.from(await store.get(key)).toString())
  for (const key of new Set([...steps.map((step) => step.key), ...found.keys()])) {
    const begun = steps.filter((step) => step.key === key && step.begun < index)
    const promised = begun.findLast((step) => step.done <= index)
    const allowed = promised === undefined ? begun : begun.slice(begun.indexOf(promised))
    const contents: (string | undefined)[] = allowed.map(
      (step) => step.body && Buffer.from(step.body).toString(),
    )
    if (promised === undefined) contents.push(undefined)
    if (contents.includes(found.get(key))) continue
    problems.push(`${key} at ${index}: ${found.get(key)?.slice(0, 40) ?? 'it is not there'}`)
  }
  if ((await crashed.list(`${root}/tmp`)).length > 0) problems.push(`at ${index}: something is left in tmp`)
  return problems
}

async function checkAll(history: History): Promise<string[]> {
  const problems: string[] = []
  for (let index = 0; index <= history.disk.journal.length; index++) {
    const torn = [1, 2, 3, 4, 5].map((n): CrashVariant => ({ torn: seed + index * 10 + n }))
    for (const variant of ['all', 'synced', ...torn] as const)
      problems.push(...(await check(history, index, variant)))
  }
  return problems
}

describe(`local object store, seed ${seed}`, () => {
  test('keeps its promises after a crash before any mutation', async () => {
    const history = await runHistory()
    expect(history.disk.journal.length).toBeGreaterThan(200)
    expect(await checkAll(history)).toEqual([])
  })

  test.each([
    ['a skipped file sync', skipFileSync],
    ['a skipped directory sync', skipDirectorySync],
    ['a rename before the sync', swappedRename],
  ])('%s is noticed', async (_name, plant) => {
    expect(await checkAll(await runHistory((disk) => plant(disk), 15))).not.toEqual([])
  })
})
