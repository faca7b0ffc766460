import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startProgress } from '../scripts/terminal/progress.ts'
import { rowDimensions, type Bench, type Context } from './support/context.ts'
import { summarise, type Side } from './support/figures.ts'
import { waitUntilQuiet } from './support/quiet.ts'

const snapshotEveryMs = 20
const recordBytes = 512
const syncCount = 500
const collection = 'large'

/** Does a writer wait for snapshots? One writer overwrites single points of the large collection, each on disk. */
export const writeLatency: Bench = {
  name: 'write-latency',
  title: `Single durable writes, with and without a snapshot every ${snapshotEveryMs} ms`,
  async run(context) {
    await context.load(collection)
    await waitUntilQuiet(context)
    await writeFor(context, context.sizes.writeRoundMs)
    const alone: number[][] = []
    const together: number[][] = []
    const progress = startProgress('writing', context.sizes.writeRounds * 2, 'rounds')
    try {
      for (let round = 0; round < context.sizes.writeRounds; round++) {
        const steps = [
          async () => alone.push(await writeFor(context, context.sizes.writeRoundMs)),
          async () => together.push(await writeBesideSnapshots(context)),
        ]
        for (const [i, step] of (round % 2 === 0 ? steps : steps.toReversed()).entries()) {
          await step()
          progress.update(round * 2 + i + 1)
        }
      }
    } finally {
      progress.end()
    }
    return figures({ together, alone, floor: await syncTimes(context) })
  },
}

function figures(samples: { together: number[][]; alone: number[][]; floor: number[] }) {
  const ours = summarise('with snapshots', 'ms', samples.together.flat())
  const beside = summarise('without', 'ms', samples.alone.flat())
  const floor = summarise(`fdatasync of ${recordBytes} bytes`, 'ms', samples.floor)
  const ourRounds = p99OfRounds(samples.together)
  const besideRounds = p99OfRounds(samples.alone)
  const bench = writeLatency.name
  return [
    {
      bench,
      name: 'durable write beside snapshots (p99)',
      value: ours.p99 / beside.p99,
      unit: 'x' as const,
      ours,
      beside,
      goal: { atMost: 1.3 },
    },
    // Says whether one burst of somebody else's work decided the line above.
    {
      bench,
      name: "the same, median of the rounds' p99",
      value: ourRounds.p50 / besideRounds.p50,
      unit: 'x' as const,
      ours: ourRounds,
      beside: besideRounds,
    },
    {
      bench,
      name: 'durable write against the disk (p50)',
      value: beside.p50 / floor.p50,
      unit: 'x' as const,
      ours: beside,
      beside: floor,
    },
  ]
}

function p99OfRounds(rounds: readonly number[][]): Side {
  return summarise(
    'per round',
    'ms',
    rounds.map((samples) => summarise('round', 'ms', samples).p99),
  )
}

/** One writer, one request after the other. @returns the latency of each in ms */
async function writeFor(context: Context, durationMs: number): Promise<number[]> {
  const samples: number[] = []
  const end = performance.now() + durationMs
  for (let start = performance.now(); start < end;) {
    context.signal.throwIfAborted()
    const id = 1 + context.points.below(context.rowsOf(collection))
    const body = context.points.body(id, 1, rowDimensions)
    start = performance.now()
    await context.upsert(collection, body)
    samples.push(performance.now() - start)
  }
  return samples
}

async function writeBesideSnapshots(context: Context): Promise<number[]> {
  const stop = new AbortController()
  const snapshots = takeSnapshots(context, stop.signal)
  try {
    const samples = await writeFor(context, context.sizes.writeRoundMs)
    stop.abort()
    const taken = await snapshots
    const planned = context.sizes.writeRoundMs / snapshotEveryMs
    if (taken < planned * 0.8)
      throw new Error(`Only ${taken} of ${planned} snapshots were taken: this says nothing`)
    return samples
  } finally {
    stop.abort()
    await Promise.allSettled([snapshots])
  }
}

/** One every 20 ms, on time even if the one before is not ready yet. @returns how many were taken */
async function takeSnapshots(context: Context, stop: AbortSignal): Promise<number> {
  const begun = performance.now()
  const taken: Promise<string>[] = []
  while (!stop.aborted) {
    taken.push(context.createSnapshot(collection))
    const next = begun + taken.length * snapshotEveryMs
    await wait(Math.max(0, next - performance.now()), undefined, { signal: stop }).catch(() => undefined)
  }
  return (await Promise.all(taken)).length
}

/** What the disk alone takes for a small record. */
async function syncTimes({ home }: Context): Promise<number[]> {
  const file = await open(join(home, 'floor'), 'a')
  try {
    const record = Buffer.alloc(recordBytes, 1)
    const samples: number[] = []
    for (let i = 0; i < syncCount; i++) {
      const start = performance.now()
      await file.write(record)
      await file.datasync()
      samples.push(performance.now() - start)
    }
    return samples
  } finally {
    await file.close()
  }
}
