import { startProgress } from '../scripts/terminal/progress.ts'
import type { Bench, Context } from './support/context.ts'
import { inDigits, summarise, type Figure } from './support/figures.ts'
import { LargeBody } from './support/large-bodies.ts'
import { loopDelayOf } from './support/loop-delay.ts'
import { waitUntilQuiet } from './support/quiet.ts'

const dimensions = 128
const batchPoints = 500
const requestsAtOnce = 4

const largePoints = 1_000
const largeDimensions = 1_536
const largeWarmUp = 8
const loopDelayMsMax = 10

interface Round {
  /** Per body, in ms. */
  readonly parsing: number
  readonly ingestAtOnce: number
  readonly ingestOneByOne: number
}

/** What does it cost to have points on disk and searchable, in units of merely parsing the requests? */
export const ingest: Bench = {
  name: 'ingest',
  title: `Acknowledged ingest in batches of ${batchPoints} points x ${dimensions}, against JSON.parse`,
  async run(context) {
    await context.createCollection('ingest', dimensions)
    await waitUntilQuiet(context)
    const rounds: Round[] = []
    const progress = startProgress('ingesting', context.sizes.ingestRounds + 1, 'rounds')
    try {
      for (let round = 0; round <= context.sizes.ingestRounds; round++) {
        const result = await measureRound(context, round)
        // The first one warms up.
        if (round > 0) rounds.push(result)
        progress.update(round + 1)
      }
    } finally {
      progress.end()
    }
    const { ingestRounds, ingestBodies } = context.sizes
    await checkCount(context, 'ingest', (ingestRounds + 1) * ingestBodies * 2 * batchPoints)
    return [...figures(rounds), await lateness(context)]
  },
}

/** How late is the event loop while large requests come in? Whoever searches meanwhile waits as long. */
async function lateness(context: Context): Promise<Figure> {
  const { largeBodies } = context.sizes
  await context.createCollection('ingest-large', largeDimensions)
  const bodies = Array.from(
    { length: requestsAtOnce },
    () => new LargeBody(context.points, largePoints, largeDimensions),
  )
  await waitUntilQuiet(context)
  let next = 0
  const sendUpTo = async (end: number): Promise<void> => {
    await context.inParallel(requestsAtOnce, bodies, async (body) => {
      while (next < end) await context.upsert('ingest-large', body.ofBatch(next++))
    })
  }
  const progress = startProgress('ingesting large requests', largeBodies, 'requests')
  try {
    await sendUpTo(largeWarmUp)
    await loopDelayOf(context.http)
    await sendUpTo(largeWarmUp + largeBodies)
    progress.update(largeBodies)
  } finally {
    progress.end()
  }
  const late = await loopDelayOf(context.http)
  await checkCount(context, 'ingest-large', next * largePoints)
  const points = `${inDigits(largePoints)} points x ${inDigits(largeDimensions)}`
  return {
    bench: ingest.name,
    name: `event loop late, ${points} a request, ${requestsAtOnce} at once (p99)`,
    value: late,
    unit: 'ms',
    ours: summarise('late', 'ms', [late]),
    goal: { atMost: loopDelayMsMax },
  }
}

function figures(rounds: readonly Round[]) {
  const sideOf = (what: string, values: readonly number[]) => summarise(what, 'ms', values)
  const parsing = sideOf(
    'JSON.parse of a batch',
    rounds.map((round) => round.parsing),
  )
  const atOnce = sideOf(
    'ingest',
    rounds.map((round) => round.ingestAtOnce),
  )
  const oneByOne = sideOf(
    'ingest',
    rounds.map((round) => round.ingestOneByOne),
  )
  const shared = { bench: ingest.name, unit: 'x' as const, beside: parsing }
  return [
    {
      ...shared,
      name: `a batch, ${requestsAtOnce} requests at once`,
      value: atOnce.p50 / parsing.p50,
      ours: atOnce,
      goal: { atMost: 4 },
    },
    { ...shared, name: 'a batch, one by one', value: oneByOne.p50 / parsing.p50, ours: oneByOne },
    {
      bench: ingest.name,
      name: `the same as a rate, ${requestsAtOnce} at once`,
      value: (batchPoints * 1000) / atOnce.p50,
      unit: 'points/s' as const,
      ours: atOnce,
    },
  ]
}

/** Every body is parsed here and sent once; the bodies of a round are new points. */
async function measureRound(context: Context, round: number): Promise<Round> {
  const { ingestBodies } = context.sizes
  const texts = Array.from({ length: ingestBodies * 2 }, (_, i) =>
    context.points.body(1 + (round * ingestBodies * 2 + i) * batchPoints, batchPoints, dimensions),
  )
  const bodies = texts.map((text) => Buffer.from(text))
  const [first, second] = [bodies.slice(0, ingestBodies), bodies.slice(ingestBodies)]
  const send = (body: Buffer) => context.upsert('ingest', body)
  const parseFirst = await perItem(texts.slice(0, ingestBodies), async (text) => void JSON.parse(text))
  const ingestAtOnce = await perBody(ingestBodies, () => context.inParallel(requestsAtOnce, first, send))
  const parseSecond = await perItem(texts.slice(ingestBodies), async (text) => void JSON.parse(text))
  const ingestOneByOne = await perBody(ingestBodies, () => context.inParallel(1, second, send))
  return { parsing: (parseFirst + parseSecond) / 2, ingestAtOnce, ingestOneByOne }
}

function perItem<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<number> {
  return perBody(items.length, async () => {
    for (const item of items) await work(item)
  })
}

async function perBody(count: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / count
}

async function checkCount(context: Context, collection: string, expected: number): Promise<void> {
  const count = await context.countPoints(collection)
  if (count !== expected) throw new Error(`The server counts ${count} points, ${expected} were acknowledged`)
}
