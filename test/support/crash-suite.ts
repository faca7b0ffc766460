import type { Database, OpenOptions } from '../../src/index.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import { seededRandom } from '../../src/runtime/random.ts'
import type { Disk } from '../../src/storage/disk.ts'
import { fingerprintOf, History } from './history.ts'
import { ModelDatabase } from './model.ts'
import { SimulatedDisk, type CrashVariant } from './simulated-disk.ts'
import { verifyAllSnapshots } from './verify-snapshots.ts'

// Goal: whatever the moment and the kind of a crash, every acknowledged write is there afterwards, every operation
//   happened whole or not at all, and every snapshot holds what it held.
// Method: one generated history runs on a simulated disk that keeps a journal. For each mutation in the journal the disk
//   is built as a crash just before it leaves it (all survived; only what was synced; torn at random), the database is
//   opened, and everything that a user can see of it is compared with the model before or after the operation under way.

const root = '/data/store'
export const fixedClock: Clock = {
  now: () => 1_700_000_000_000,
  monotonic: () => 0,
  after: () => ({ cancel: () => undefined }),
}

export type Open = (path: string, options: OpenOptions) => Promise<Database>

/** An opened database as the suites use it: nothing happens by itself, nothing is left to chance. */
export function openQuietly(
  open: Open,
  disk: Disk,
  seed: number,
  options: OpenOptions = {},
): Promise<Database> {
  return open(root, {
    unstable_disk: disk,
    clock: fixedClock,
    random: seededRandom(seed),
    workers: 0,
    background: false,
    flushOnClose: false,
    logRotateBytes: 4_096,
    ...options,
  })
}

interface Mark {
  readonly at: number
  readonly fingerprint: string
  /** Content hashes of the last moments that are kept, by reference. */
  readonly moments: ReadonlyMap<string, string>
}

export interface RecordedHistory {
  readonly disk: SimulatedDisk
  readonly seed: number
  readonly steps: readonly string[]
  /** The model after each acknowledged operation, with the length of the journal at that moment. */
  readonly acknowledged: readonly Mark[]
  /** The model as it will be after each operation, with the length of the journal when it was sent. */
  readonly intended: readonly Mark[]
}

/** Runs a history once. `plant` puts a fault between the database and the disk. */
export async function recordHistory(
  open: Open,
  seed: number,
  length: number,
  plant: (disk: Disk) => Disk = (disk) => disk,
): Promise<RecordedHistory> {
  const disk = new SimulatedDisk()
  const db = await openQuietly(open, plant(disk), seed)
  const model = new ModelDatabase()
  const history = new History(db, model, seededRandom(seed))
  const acknowledged: Mark[] = [markOf(disk.journalStart, model)]
  const intended: Mark[] = []
  const steps: string[] = []
  history.onIntent = (next) => intended.push(markOf(disk.journal.length, next))
  for (let i = 0; i < length; i++) {
    steps.push(await history.step())
    acknowledged.push(markOf(disk.journal.length, model))
  }
  const found = await fingerprintOf(db)
  if (found !== model.fingerprint())
    throw new Error(`Seed ${seed}: the database differs from the model without any crash`)
  return { disk, seed, steps, acknowledged, intended }
}

const momentsCompared = 3

function markOf(at: number, model: ModelDatabase): Mark {
  const moments = [...model.moments]
    .slice(-momentsCompared)
    .flatMap(([seq, held]) =>
      [...held].map(([name, collection]) => [`${name}@seq:${seq}`, collection.hash()] as const),
    )
  return { at, fingerprint: model.fingerprint(), moments: new Map(moments) }
}

export interface CrashFinding {
  readonly at: number
  readonly variant: string
  readonly problem: string
}

/** What is wrong after a crash just before mutation `at`; undefined if all is as promised. */
export async function crashAt(
  open: Open,
  history: RecordedHistory,
  at: number,
  variant: CrashVariant,
  thorough: boolean,
): Promise<CrashFinding | undefined> {
  const name = typeof variant === 'string' ? variant : JSON.stringify(variant)
  try {
    const disk = history.disk.stateAt(at, variant)
    const db = await openQuietly(open, disk, history.seed + at)
    const problem = await compare(db, history, at)
    await db.close()
    if (problem !== undefined) return { at, variant: name, problem }
    const later = thorough ? await reopen(open, disk, history, at) : undefined
    return later === undefined ? undefined : { at, variant: name, problem: later }
  } catch (error) {
    return {
      at,
      variant: name,
      problem: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
}

async function compare(db: Database, history: RecordedHistory, at: number): Promise<string | undefined> {
  const found = await fingerprintOf(db)
  // The mutation at this index did not happen: what was acknowledged by then must be there.
  const before = history.acknowledged.findLast((mark) => mark.at <= at)!
  const underWay = history.intended.findLast((mark) => mark.at <= at)
  const mark = [before, underWay].find((candidate) => candidate?.fingerprint === found)
  if (mark !== undefined) return compareMoments(db, mark.moments)
  return `found\n${found}\nacknowledged\n${before.fingerprint}\nunder way\n${underWay?.fingerprint ?? 'nothing'}`
}

async function compareMoments(
  db: Database,
  moments: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  for (const [reference, hash] of moments) {
    await using reader = await db.openReader(reference)
    if ((await reader.contentHash()) !== hash) return `${reference} is not what it was`
  }
  return undefined
}

/** A second start, and two garbage collections, after which the disk holds what the catalog reaches and nothing else. */
async function reopen(
  open: Open,
  disk: SimulatedDisk,
  history: RecordedHistory,
  at: number,
): Promise<string | undefined> {
  const db = await openQuietly(open, disk, history.seed + at + 1)
  try {
    const problem = await compare(db, history, at)
    if (problem !== undefined) return `after a second start: ${problem}`
    await db.collectGarbage()
    await db.collectGarbage()
    await verifyAllSnapshots(db)
    const left = await unreachable(disk)
    if (left.length > 0) return `after two collections nothing reaches ${left.join(', ')}`
    return await compare(db, history, at)
  } finally {
    await db.close()
  }
}

/** Objects that no catalog, manifest or snapshot names, found by reading the files as text. */
export async function unreachable(disk: Pick<SimulatedDisk, 'paths' | 'readFile'>): Promise<string[]> {
  const objects = disk
    .paths()
    .filter((path) => /\/(segments|collections|snapshots|catalog|history)\/.*\.[a-z]+$/.test(path))
  const documents = objects.filter((path) => /\.(json|avro)$/.test(path))
  const newest = documents
    .filter((path) => path.includes('/catalog/'))
    .sort()
    .at(-1)
  const text = (
    await Promise.all(
      documents.map(async (path) => Buffer.from(await disk.readFile(path)).toString('latin1')),
    )
  ).join('\n')
  return objects.filter((path) => {
    if (path === newest) return false
    const key = path.slice(root.length + 1)
    if (key.startsWith('catalog/')) return true
    // A segment's file is named by its name within the segment's folder; the folder's id stands beside it.
    const [folder, id, ...rest] = key.split('/')
    if (folder !== 'segments') return !text.includes(key)
    return !text.includes(id!) || !text.includes(rest.join('/'))
  })
}

export interface SuiteOptions {
  readonly seed: number
  readonly length: number
  /** Crash points at most. */
  readonly points: number
  readonly plant?: (disk: Disk) => Disk
}

export interface SuiteResult {
  readonly points: number
  readonly findings: readonly CrashFinding[]
  readonly steps: readonly string[]
}

/** Crashes at every mutation of one history, in three ways each, or until the points are used up or something is found. */
export async function runCrashSuite(open: Open, options: SuiteOptions): Promise<SuiteResult> {
  const history = await recordHistory(open, options.seed, options.length, options.plant)
  const findings: CrashFinding[] = []
  let points = 0
  for (let at = history.disk.journalStart; at <= history.disk.journal.length; at++) {
    for (const variant of ['all', 'synced', { torn: options.seed * 1_000 + at }] satisfies CrashVariant[]) {
      if (points >= options.points || findings.length > 0) return { points, findings, steps: history.steps }
      const finding = await crashAt(open, history, at, variant, points % 50 === 0)
      if (finding !== undefined) findings.push(finding)
      points += 1
    }
  }
  return { points, findings, steps: history.steps }
}
