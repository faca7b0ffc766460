import { startProgress } from '../scripts/terminal/progress.ts'
import type { Bench, Context, LoadedCollection } from './support/context.ts'
import { inDigits, summarise, type Figure } from './support/figures.ts'
import { MilvusClient } from './support/milvus-client.ts'
import { measurePairs, sides } from './support/pairs.ts'
import { waitUntilQuiet } from './support/quiet.ts'

const dimensions = 128
const batchRows = 5_000
const warmUpPairs = 5
/** Of the snapshot that is restored: still in memory and the log, or with its files written. */
const kinds = ['just made', 'flushed'] as const
const completed = 3
const failed = 4
const goalMs = 50
const ratioGoal = 2

/** Both doors have one store: these are not the collections of the other benches. */
const nameOf = (side: LoadedCollection): string => `milvus_${side}`

type Kind = (typeof kinds)[number]
interface Samples {
  readonly ms: Record<Kind, Record<LoadedCollection, number[]>>
  /** 1 for a restore that the first poll found completed, otherwise 0. */
  readonly atFirstPoll: number[]
}

/** From the call of RestoreSnapshot until a poll says Completed, of what this server has written. */
export const milvusRestore: Bench = {
  name: 'milvus-restore',
  title: "Restoring through Milvus' API, small collection against large",
  async run(context) {
    const client = new MilvusClient(context.milvusAddress)
    try {
      for (const side of sides) await load(context, client, side)
      await waitUntilQuiet(context)
      await measure(context, client, warmUpPairs)
      const samples = await measure(context, client, context.sizes.restorePairs)
      for (const side of sides) await client.call('DropCollection', { collection_name: nameOf(side) })
      return figuresOf(context, samples)
    } finally {
      client.close()
    }
  },
}

function figuresOf(context: Context, { ms, atFirstPoll }: Samples): Figure[] {
  const bench = milvusRestore.name
  const rows = (side: LoadedCollection): string => `${inDigits(context.rowsOf(side))} rows`
  const speeds = kinds.flatMap((kind): Figure[] => {
    const large = summarise(rows('large'), 'ms', ms[kind].large)
    const small = summarise(rows('small'), 'ms', ms[kind].small)
    return [
      {
        bench,
        name: `restore of ${rows('large')} x ${dimensions}, snapshot ${kind}`,
        value: large.p50,
        unit: 'ms',
        ours: large,
        goal: { atMost: goalMs },
      },
      {
        bench,
        name: 'the same, large to small (p50)',
        value: large.p50 / small.p50,
        unit: 'x',
        ours: large,
        beside: small,
        goal: { atMost: ratioGoal },
      },
    ]
  })
  const share = atFirstPoll.reduce((sum, one) => sum + one, 0) / atFirstPoll.length
  const ours = summarise('restores', 'x', atFirstPoll)
  return [...speeds, { bench, name: 'completed at the first poll', value: share, unit: 'x', ours }]
}

async function load(context: Context, client: MilvusClient, side: LoadedCollection): Promise<void> {
  const rows = context.rowsOf(side)
  await client.createCollection(nameOf(side), dimensions)
  const progress = startProgress(`loading ${side} through Milvus' API`, rows, 'rows')
  try {
    for (let at = 0; at < rows; at += batchRows) {
      context.signal.throwIfAborted()
      const count = Math.min(batchRows, rows - at)
      await client.upsert(nameOf(side), context.points, { first: at + 1, count, dimensions })
      progress.update(at + count)
    }
  } finally {
    progress.end()
  }
}

async function measure(context: Context, client: MilvusClient, pairs: number): Promise<Samples> {
  const none = (): Record<LoadedCollection, number[]> => ({ small: [], large: [] })
  const samples: Samples = { ms: { 'just made': none(), flushed: none() }, atFirstPoll: [] }
  await measurePairs(context, 'restores', pairs, async (inTurn) => {
    for (const kind of kinds)
      for (const side of inTurn) await measureOnce(context, client, side, kind, samples)
  })
  return samples
}

/** A write before the snapshot, so that there is something new to hold. */
async function measureOnce(
  context: Context,
  client: MilvusClient,
  side: LoadedCollection,
  kind: Kind,
  samples: Samples,
): Promise<void> {
  const first = 1 + context.points.below(context.rowsOf(side))
  await client.upsert(nameOf(side), context.points, { first, count: 1, dimensions })
  const snapshot = { name: 's', collection_name: nameOf(side) }
  await client.call('CreateSnapshot', snapshot)
  if (kind === 'flushed') await client.call('Flush', { collection_names: [nameOf(side)] })
  const start = performance.now()
  const polls = await restore(client, { ...snapshot, target_collection_name: 'restored' })
  samples.ms[kind][side].push(performance.now() - start)
  samples.atFirstPoll.push(polls === 1 ? 1 : 0)
  await client.call('DropCollection', { collection_name: 'restored' })
  await client.call('DropSnapshot', snapshot)
}

/** @returns how often it had to ask */
async function restore(client: MilvusClient, request: object): Promise<number> {
  const { job_id: job } = await client.call<{ job_id: bigint }>('RestoreSnapshot', request)
  for (let polls = 1; ; polls++) {
    const { info } = await client.call<{ info: { state: number; reason: string } }>(
      'GetRestoreSnapshotState',
      { job_id: job },
    )
    if (info.state === completed) return polls
    if (info.state === failed) throw new Error(`The restore has failed: ${info.reason}`)
  }
}
