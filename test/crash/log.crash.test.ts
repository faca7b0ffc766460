import { describe, expect, test } from 'vitest'
import { isDatabaseError } from '../../src/errors/database-error.ts'
import { seqOf } from '../../src/ids/brands.ts'
import { openLog, type FileLog } from '../../src/log/file-log.ts'
import { seededRandom, type Random } from '../../src/runtime/random.ts'
import type { Disk } from '../../src/storage/disk.ts'
import { skipDirectorySync, skipFileSync, swappedRename } from '../support/disk-faults.ts'
import { SimulatedDisk, type CrashVariant } from '../support/simulated-disk.ts'

// Goal: after a crash at any point the log holds every acknowledged record, in order and unchanged, perhaps some of
// those that were on their way, and nothing else; and it can be written again.
// Method: one generated history over a simulated disk. Before each of its mutations, the disk as several crashes
// leave it is opened, compared with what was acknowledged by then, written, crashed again, and opened again.

const directory = '/data/log'
const seed = Number(process.env['STILLPOINT_SEED'] ?? 20481)

interface History {
  readonly disk: SimulatedDisk
  /** The records of the log by number, from 1. */
  readonly appended: Buffer[]
  /** Before each mutation: how many records were appended and acknowledged, and from which on all must be kept. */
  readonly marks: { readonly appended: number; readonly acknowledged: number; readonly keptFrom: number }[]
}

function openOn(disk: Disk, random: Random): Promise<FileLog> {
  return openLog({ disk, directory, rotateBytes: 4000, random })
}

/** Appends, rotations, truncations, and now and then a clean end and a new start. */
async function runHistory(plant: (disk: Disk) => Disk = (disk) => disk, rounds = 24): Promise<History> {
  const random = seededRandom(seed)
  const appended: Buffer[] = []
  const marks: History['marks'] = []
  let acknowledged = 0
  let keptFrom = 1
  const disk = new SimulatedDisk({
    onMutation: (index) => void (marks[index] = { appended: appended.length, acknowledged, keptFrom }),
  })
  let log = await openOn(plant(disk), random)
  for (let round = 0; round < rounds; round++) {
    const pending: Promise<unknown>[] = []
    const count = 1 + Math.floor(random.next() * 6)
    for (let n = 0; n < count; n++) {
      const body = bodyOf(appended.length + 1, random)
      appended.push(body)
      const half = body.length >> 1
      pending.push(
        log.append(7, [body.subarray(0, half), body.subarray(half)]).then((seq) => (acknowledged = seq)),
      )
      if (random.next() < 0.1) pending.push(log.rotate())
      if (random.next() < 0.3) await pending.at(-1)
    }
    if (random.next() < 0.15 && acknowledged > 0) {
      keptFrom = Math.max(keptFrom, Math.floor(acknowledged * random.next()))
      pending.push(log.truncateBefore(seqOf(keptFrom)))
    }
    if (random.next() < 0.6) await Promise.all(pending)
    if (random.next() > 0.1) continue
    await log.close()
    log = await openOn(plant(disk), random)
  }
  await log.rotate()
  keptFrom = log.lastSeq
  await log.truncateBefore(log.lastSeq)
  await log.close()
  marks.push({ appended: appended.length, acknowledged, keptFrom })
  return { disk, appended, marks }
}

function bodyOf(seq: number, random: Random): Buffer {
  const sizes = [0, 3, 40, 700, 1500, 5000]
  const size = Math.floor(random.next() * sizes[Math.floor(random.next() * sizes.length)]!)
  return Buffer.alloc(size, `record ${seq} `)
}

/** Opens the crashed disk, compares, appends, crashes again. Gives what was wrong. */
async function check(history: History, index: number, variant: CrashVariant): Promise<string[]> {
  const problems: string[] = []
  const crashed = history.disk.stateAt(index, variant)
  const say = (problem: string): void =>
    void problems.push(`${problem} at ${index} ${JSON.stringify(variant)}`)
  try {
    const first = await contentsOf(crashed)
    problems.push(
      ...compare(history, index, first).map((problem) => `${problem} at ${index} ${JSON.stringify(variant)}`),
    )
    const again = await contentsOf(crashed)
    if (again.join() !== first.join()) say('a second start finds something else')
    const afterPowerLoss = await contentsOf(crashed.stateAt(crashed.journal.length, 'synced'))
    if (afterPowerLoss.join() !== first.join()) say('what was replayed is lost by power loss')
    const last = await appendTo(crashed, 'after the crash')
    const lastOf = async (disk: SimulatedDisk): Promise<string | undefined> => (await contentsOf(disk)).at(-1)
    if ((await lastOf(crashed.stateAt(crashed.journal.length, 'synced'))) !== last)
      say('a record after the crash is lost')
  } catch (error) {
    say(isDatabaseError(error) ? `${error.code}: ${error.message}` : String(error))
  }
  return problems
}

async function contentsOf(disk: SimulatedDisk): Promise<string[]> {
  const log = await openOn(disk, seededRandom(1))
  const found: string[] = []
  const firstSeq = Number(/(\d{20})\.log$/.exec(disk.paths().find((path) => path.endsWith('.log'))!)![1])
  for await (const { seq, type, body } of log.replay(seqOf(firstSeq))) {
    found.push(`${seq} ${type} ${Buffer.from(body).toString()}`)
  }
  return found
}

async function appendTo(disk: SimulatedDisk, text: string): Promise<string> {
  const log = await openOn(disk, seededRandom(1))
  const seq = await log.append(9, [Buffer.from(text)])
  return `${seq} 9 ${text}`
}

function compare({ appended, marks }: History, index: number, found: readonly string[]): string[] {
  const mark = marks[index]!
  const expected = appended.map((body, at) => `${at + 1} 7 ${body.toString()}`)
  const seqOfText = (text: string): number => Number(text.slice(0, text.indexOf(' ')))
  const from = found.length === 0 ? mark.acknowledged + 1 : seqOfText(found[0]!)
  const to = found.length === 0 ? mark.acknowledged : seqOfText(found.at(-1)!)
  const problems: string[] = []
  if (from > mark.keptFrom && from > 1 && mark.keptFrom <= mark.acknowledged)
    problems.push(`records before ${from} are missing`)
  if (to < mark.acknowledged)
    problems.push(`record ${mark.acknowledged} was acknowledged, the last one is ${to}`)
  if (to > mark.appended) problems.push(`record ${to} was never appended`)
  if (found.join('\n') !== expected.slice(from - 1, to).join('\n')) problems.push('a record has changed')
  return problems
}

async function checkAll(history: History, seeds = 4): Promise<string[]> {
  const problems: string[] = []
  for (let index = 0; index < history.marks.length; index++) {
    const torn = Array.from({ length: seeds }, (_, n): CrashVariant => ({ torn: seed + index * 100 + n }))
    for (const variant of ['all', 'synced', ...torn] as const)
      problems.push(...(await check(history, index, variant)))
  }
  return problems
}

describe(`log, seed ${seed}`, () => {
  test('keeps what it acknowledged after a crash before any mutation', async () => {
    const history = await runHistory()
    const kinds = new Set(history.disk.journal.map((mutation) => mutation.kind))
    for (const kind of ['create', 'rename', 'remove', 'write', 'sync-file'] as const)
      expect(kinds).toContain(kind)
    expect(await checkAll(history)).toEqual([])
  })

  test('a crash while a torn end is cut away leaves a log that opens', async () => {
    const history = await runHistory(undefined, 12)
    const problems: string[] = []
    let cuts = 0
    for (let index = 0; index < history.marks.length; index++) {
      for (let n = 0; n < 4; n++) {
        const crashed = history.disk.stateAt(index, { torn: seed + index * 100 + n })
        await appendTo(crashed, 'after the crash')
        if (!crashed.journal.some((mutation) => mutation.kind === 'truncate')) continue
        cuts++
        for (let later = 0; later <= crashed.journal.length; later++) {
          for (const variant of ['all', 'synced', { torn: later }, { torn: later + 1000 }] as const) {
            const found = await contentsOf(crashed.stateAt(later, variant))
            if (found.at(-1)?.endsWith(' 9 after the crash') === true) found.pop()
            problems.push(
              ...compare(history, index, found).map((problem) => `${problem} at ${index}, then ${later}`),
            )
          }
        }
      }
    }
    expect(cuts).toBeGreaterThan(10)
    expect(problems).toEqual([])
  })

  test.each([
    ['a skipped file sync', skipFileSync],
    ['a skipped directory sync', skipDirectorySync],
    ['a rename before the sync', swappedRename],
  ])('%s is noticed', async (_name, plant) => {
    expect(await checkAll(await runHistory((disk) => plant(disk), 10), 2)).not.toEqual([])
  })
})
