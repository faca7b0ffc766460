import { rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '../src/index.ts'

// How long does the event loop wait while large upserts are applied? Processor time of this process between two turns, with
// records in slices and in one piece, alternately, in one run: npx tsx bench/write-turns.ts [points dimensions]

const points = Number(process.argv[2] ?? 1_000)
const dimensions = Number(process.argv[3] ?? 1_536)
const clients = 4
const rounds = 6
const bytesPerRun = 128 * 2 ** 20
/** Turns with less work say nothing of those who wait. */
const busyMs = 0.2

const batches = Math.max(
  clients,
  Math.round(bytesPerRun / (points * (dimensions * 4 + 256)) / clients) * clients,
)
const vector = Float32Array.from({ length: dimensions }, (_, i) => Math.sin(i))

function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

interface Run {
  readonly turns: readonly number[]
  readonly microsPerPoint: number
}

async function run(bytes: number): Promise<Run> {
  const home = await mkdtemp(join(tmpdir(), 'stillpoint-turns-'))
  const quiet = { background: false, workers: 0, graphThreads: 0, searchThreads: 0, flushOnClose: false }
  const db = await open(home, { ...quiet, unstable_slices: { bytes } })
  try {
    const collection = await db.createCollection('c', {
      vectors: { '': { size: dimensions, distance: 'Dot' } },
    })
    const turns: number[] = []
    let last = processorMs()
    let isOver = false
    const look = (): void => {
      const now = processorMs()
      if (now - last > busyMs) turns.push(now - last)
      last = now
      if (!isOver) setImmediate(look)
    }
    const start = last
    look()
    let next = 0
    const write = async (): Promise<void> => {
      while (next < batches) {
        const first = next++ * points
        await collection.upsertInSlices(points, (i) => ({ id: first + i, vectors: { '': vector } }))
      }
    }
    await Promise.all(Array.from({ length: clients }, write))
    isOver = true
    return { turns, microsPerPoint: ((processorMs() - start) * 1_000) / (batches * points) }
  } finally {
    await db.close()
    await rm(home, { recursive: true })
  }
}

function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
}

const kinds = { 'in slices': undefined, 'in one piece': Infinity }
const runs: Record<string, Run[]> = {}
for (let round = 0; round <= rounds; round++) {
  for (const [kind, bytes] of Object.entries(kinds)) {
    const result = await run(bytes ?? 2 ** 20)
    // The first one warms up.
    if (round > 0) (runs[kind] ??= []).push(result)
  }
}
console.log(`${points} x ${dimensions}, ${clients} at once, ${batches} batches a run, ${rounds} runs`)
for (const [kind, results] of Object.entries(runs)) {
  const turns = results.flatMap((result) => result.turns)
  const perPoint = results.map((result) => result.microsPerPoint)
  console.log(
    `${kind.padEnd(13)} turns: p50 ${percentile(turns, 0.5)}, p99 ${percentile(turns, 0.99)}, longest ${percentile(turns, 1)} ms; ${percentile(perPoint, 0.5)} us per point`,
  )
}
