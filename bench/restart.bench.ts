import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type * as stillpoint from '../src/index.ts'
import { OwnServer } from '../scripts/terminal/own-server.ts'
import { startProgress } from '../scripts/terminal/progress.ts'
import type { Bench, Context } from './support/context.ts'
import { inDigits, summarise, type Figure } from './support/figures.ts'

const dimensions = 128
const batchRows = 2_000
/** The goal is about a million rows on a machine that does nothing else. */
const secondsMax = 2

/** Seconds from the start of the process, and what it takes of memory in the end. */
interface Restarted {
  readonly answered: number
  readonly loaded: number
  readonly residentBytes: number
}

/**
 * From the start of the process until it has answered a query, and until all is in memory: a million rows of 128 dimensions
 * in segments as the optimizer leaves them, without graphs, beside a tenth of them; with their files in the page cache and
 * without.
 */
export const restart: Bench = {
  name: 'restart',
  title: 'Restarting with the large collection',
  async run(context) {
    const rows = context.sizes.largeRows
    const large = await measure(context, rows)
    const small = await measure(context, rows / 10)
    const seconds = (name: string, of: readonly Restarted[], part: 'answered' | 'loaded'): Figure => {
      const samples = of.map((one) => one[part])
      const ours = summarise(name, 's', samples)
      return { bench: restart.name, name, value: ours.p50, unit: 's', ours }
    }
    const title = `with ${inDigits(rows)} rows of ${dimensions} dimensions`
    const answered = seconds(`first answer ${title}, after kill -9`, large.warm, 'answered')
    const fewer = seconds(`first answer with ${inDigits(rows / 10)}`, small.warm, 'answered')
    return [
      rows < 1_000_000 ? answered : { ...answered, goal: { atMost: secondsMax } },
      seconds(`everything in memory, ${title}`, large.warm, 'loaded'),
      seconds(`first answer ${title}, files not in the page cache`, large.cold, 'answered'),
      fewer,
      {
        ...answered,
        name: `first answer: ${inDigits(rows)} rows compared with ${inDigits(rows / 10)}`,
        value: answered.value / fewer.value,
        unit: 'x',
        beside: fewer.ours,
      },
      residentFigure(large, small, rows),
    ]
  },
}

interface Measured {
  readonly warm: readonly Restarted[]
  readonly cold: readonly Restarted[]
}

async function measure(context: Context, rows: number): Promise<Measured> {
  const home = join(context.home, `restart-${rows}`)
  await fill(context, join(home, 'storage'), rows)
  const server = new OwnServer(home)
  const warm: Restarted[] = []
  const cold: Restarted[] = []
  const progress = startProgress(
    `restarting with ${inDigits(rows)} rows`,
    context.sizes.restarts * 2,
    'times',
  )
  try {
    // The first one reads the files into the page cache.
    await restartOnce(context, server, rows)
    for (let round = 0; round < context.sizes.restarts; round++) {
      warm.push(await restartOnce(context, server, rows))
      dropFromCache(join(home, 'storage', 'segments'))
      cold.push(await restartOnce(context, server, rows))
      progress.update((round + 1) * 2)
    }
  } finally {
    progress.end()
    await server.end()
  }
  return { warm, cold }
}

async function restartOnce(context: Context, server: OwnServer, rows: number): Promise<Restarted> {
  context.signal.throwIfAborted()
  const start = performance.now()
  const seconds = (): number => (performance.now() - start) / 1000
  try {
    const { url } = await server.start()
    const body = JSON.stringify({ query: vectorOf(context), limit: 10 })
    const answer = await fetch(`${url}/collections/large/points/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const { result } = (await answer.json()) as { result: { points: unknown[] } }
    const answered = seconds()
    if (result.points.length !== 10) throw new Error('The restarted server did not find ten points')
    // One collection, which is in memory as it has answered: the page says so.
    if (!(await fetch(`${url}/readyz`)).ok) throw new Error('The restarted server answers, but is not ready')
    const loaded = seconds()
    const metrics = await (await fetch(`${url}/metrics`)).text()
    const figure = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)?.[1])
    if (figure('stillpoint_points') !== rows) throw new Error(`The restarted server has not ${rows} points`)
    return { answered, loaded, residentBytes: figure('stillpoint_process_resident_memory_bytes') }
  } finally {
    await server.kill()
  }
}

/** In process, as it is faster; and so that something is left to be replayed. */
async function fill(context: Context, path: string, rows: number): Promise<void> {
  const built = new URL('../dist/index.js', import.meta.url).href
  const { open } = (await import(built)) as typeof stillpoint
  const progress = startProgress(`filling ${inDigits(rows)} rows in process`, rows, 'rows')
  const db = await open(path, { flushOnClose: false })
  try {
    const vectors = { '': { size: dimensions, distance: 'Dot', graph: { m: 0 } } } as const
    const collection = await db.createCollection('large', { vectors })
    for (let at = 0; at < rows; at += batchRows) {
      context.signal.throwIfAborted()
      const count = Math.min(batchRows, rows - at)
      await collection.upsert(Array.from({ length: count }, (_, i) => pointOf(context, at + i)))
      progress.update(at + count)
    }
    await db.optimize()
    await db.flush()
    await collection.upsert(Array.from({ length: 100 }, (_, i) => pointOf(context, i)))
  } finally {
    progress.end()
    await db.close()
  }
}

function pointOf(context: Context, id: number) {
  return {
    id,
    vectors: { '': vectorOf(context) },
    payload: { number: id, city: `city ${id % 100}`, text: `some words ${id}` },
  }
}

function vectorOf(context: Context): number[] {
  return JSON.parse(context.points.vector(dimensions)) as number[]
}

/** Asks the system to; where it does not, the figure is like the warm one. */
function dropFromCache(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) spawnSync('dd', [`if=${join(file.parentPath, file.name)}`, 'iflag=nocache', 'count=0'])
  }
}

/** What a row more takes, over the bytes of its vector. */
function residentFigure(large: Measured, small: Measured, rows: number): Figure {
  const median = (of: Measured): number =>
    summarise(
      'resident',
      'x',
      of.warm.map(({ residentBytes }) => residentBytes),
    ).p50
  const rawBytes = rows * 0.9 * dimensions * 4
  const ratio = (median(large) - median(small)) / rawBytes
  const name = 'memory after a restart, of a row more: compared with its vector (payload of 60 bytes)'
  return { bench: restart.name, name, value: ratio, unit: 'x', ours: summarise(name, 'x', [ratio]) }
}
