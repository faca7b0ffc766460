import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import packageJson from '../../../package.json' with { type: 'json' }
import { built, type Built } from '../../support/embedded.ts'
import { queryCount, type Questions } from '../data/data-set.ts'
import { classCounts, conditionOf, payloadOf } from '../data/filters.ts'
import { limit, vectorAt } from '../data/truth.ts'
import {
  graph,
  type Adapter,
  type Batch,
  type EngineSettings,
  type SearchSetting,
  type Searcher,
} from './adapter.ts'
import { timed } from './timed.ts'
import { indexedWithin } from './indexed-within.ts'

type Database = Awaited<ReturnType<Built['open']>>
type Filter = NonNullable<Parameters<ReturnType<Database['getCollection']>['count']>[0]>

const name = 'bench'
const loopStepMs = 1

/** The engine in this process, through its public API, as an embedding program has it. */
export class StillpointEmbedded implements Adapter {
  readonly batchRows = 1_000
  readonly writers = 1
  readonly #settings: EngineSettings
  readonly #loopDelay = monitorEventLoopDelay({ resolution: loopStepMs })
  #database: Database | undefined
  readonly #threads: number

  constructor(settings: EngineSettings) {
    this.#settings = settings
    this.#threads = settings.threads ?? 1
  }

  async start(): Promise<void> {
    const { open } = await built()
    this.#database = await open(this.#folder, { searchThreads: this.#threads })
    this.#loopDelay.enable()
  }

  async describe() {
    return {
      version: packageJson.version,
      settings: `Euclid, float32, m ${graph.m}, ef_construct ${graph.efConstruct}, ${this.#threads === 0 ? 'searches on the calling thread' : `${this.#threads} thread(s) that search`}`,
      durability: 'fdatasync before a write is acknowledged',
      effort: { name: 'ef', values: [10, 16, 32, 48, 64, 96, 128, 192, 256, 512, 1_024] },
      clientsMax: Infinity,
      filters: true,
    }
  }

  async create(dimensions: number): Promise<void> {
    const keyword = { type: 'keyword' } as const
    await this.#open.createCollection(name, {
      vectors: { '': { size: dimensions, distance: 'Euclid', graph } },
      payloadIndexes: {
        n: { type: 'integer' },
        ...Object.fromEntries(classCounts.map((classes) => [`c${classes}`, keyword])),
      },
    })
  }

  prepare({ firstRow, count, dimensions, flat, numbers }: Batch): () => Promise<void> {
    const points = Array.from({ length: count }, (_, i) => ({
      id: firstRow + i,
      vectors: { '': vectorAt({ dimensions, flat }, i) },
      payload: payloadOf(numbers[i]!),
    }))
    return async () => void (await this.#open.getCollection(name).upsert(points))
  }

  async waitIndexed(rows: number, signal: AbortSignal): Promise<number> {
    await this.#open.flush()
    await this.#open.optimize({ signal })
    await this.#open.flush()
    return indexedWithin({ rows, restMs: 3_000 }, signal, async () => {
      const { indexedVectorCounts, isOptimizing } = this.#open.getCollection(name).info()
      return { isIdle: !isOptimizing, indexed: indexedVectorCounts[''] ?? 0 }
    })
  }

  async searchers(
    { queries }: Questions,
    { effort, filter, batch = 1 }: SearchSetting,
    clients: number,
  ): Promise<Searcher[]> {
    const collection = this.#open.getCollection(name)
    const requestOf = (query: number) => ({
      vector: vectorAt(queries, query),
      limit,
      effort: { ef: effort },
      ...(filter && { filter: filterOf(conditionOf(filter, query)) }),
    })
    const search = (query: number) => collection.query(requestOf(query))
    // Calls that share queries would find in the processor's caches what one of them has read, as no program's calls do.
    const searchAll = (call: number) =>
      collection.queryBatch(
        Array.from({ length: batch }, (_, i) => requestOf((call * batch + i) % queryCount)),
      )
    const rows = async (query: number) => (await search(query)).map(({ id }) => Number(id))
    return Array.from({ length: clients }, () => ({ run: batch > 1 ? searchAll : search, rows }))
  }

  process() {
    return { pid: process.pid }
  }

  async loopDelayMs(): Promise<number> {
    const late = this.#loopDelay.percentile(99) / 1e6 - loopStepMs
    this.#loopDelay.reset()
    return Math.max(0, late)
  }

  async restart(questions: Questions): Promise<number> {
    await this.stop()
    return timed(async () => {
      await this.start()
      const [searcher] = await this.searchers(questions, { effort: limit }, 1)
      await searcher?.rows(0)
    })
  }

  async beside<T>(threads: number, work: (twin: Adapter) => Promise<T>): Promise<T> {
    const home = join(this.#settings.home, 'twin')
    const twin = new StillpointEmbedded({ ...this.#settings, home, threads })
    await this.stop()
    try {
      await cp(this.#folder, twin.#folder, { recursive: true })
      await this.start()
      await twin.start()
      return await work(twin)
    } finally {
      await twin.stop()
      await rm(home, { recursive: true, force: true })
    }
  }

  async operations() {
    const collection = this.#open.getCollection(name)
    const taken = await timed(() => collection.createSnapshot({ name: 'bench-taken' }))
    const snapshot = collection.getSnapshot('bench-taken')
    const cloned = await timed(() => this.#open.restore(snapshot, { as: 'clone' }))
    await this.#open.dropCollection('clone')
    const rolledBack = await timed(() => collection.rollback(snapshot))
    return [
      { name: 'snapshot' as const, what: 'a record in the log', seconds: taken },
      { name: 'clone' as const, what: 'writable, shares all files', seconds: cloned },
      { name: 'rollback' as const, what: 'in place, can be undone', seconds: rolledBack },
    ]
  }

  async stop(): Promise<void> {
    const database = this.#database
    this.#database = undefined
    this.#loopDelay.disable()
    await database?.close()
  }

  get #folder(): string {
    return join(this.#settings.home, 'store')
  }

  get #open(): Database {
    if (this.#database === undefined) throw new Error('The database is not open')
    return this.#database
  }
}

function filterOf(condition: ReturnType<typeof conditionOf>): Filter {
  const asked =
    'value' in condition
      ? { match: { value: condition.value } }
      : { range: { gte: condition.from, lt: condition.below } }
  return { must: [{ kind: 'field', path: condition.field, ...asked }] }
}
