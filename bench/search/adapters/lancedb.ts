import type * as Arrow from 'apache-arrow'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import type { Questions } from '../data/data-set.ts'
import { classCounts, classOf, conditionOf, type Condition } from '../data/filters.ts'
import { limit, vectorAt } from '../data/truth.ts'
import {
  graph,
  type Adapter,
  type Batch,
  type EngineSettings,
  type SearchSetting,
  type Searcher,
} from './adapter.ts'
import { installedVersion } from './peers.ts'
import { timed } from './timed.ts'

/** The parts of LanceDB and of Arrow that are used. */
interface Lance {
  connect(path: string): Promise<Connection>
  readonly Index: Readonly<Record<'hnswSq' | 'ivfFlat' | 'btree' | 'bitmap', (options?: object) => unknown>>
}

interface Connection {
  createTable(name: string, data: object): Promise<Table>
  openTable(name: string): Promise<Table>
  close(): void
}

interface Table {
  add(data: object): Promise<unknown>
  createIndex(column: string, options: object): Promise<void>
  optimize(): Promise<unknown>
  prewarmIndex(name: string): Promise<void>
  indexStats(name: string): Promise<{ readonly numIndexedRows: number } | undefined>
  version(): Promise<number>
  checkout(version: number): Promise<void>
  restore(): Promise<void>
  tags(): Promise<{ create(name: string, version: number): Promise<void> }>
  query(): { nearestTo(vector: Float32Array): VectorQuery }
  close(): void
}

interface VectorQuery {
  distanceType(type: string): this
  limit(count: number): this
  select(columns: string[]): this
  ef(ef: number): this
  nprobes(count: number): this
  refineFactor(factor: number): this
  where(condition: string): this
  toArrow(): Promise<{ getChild(name: string): { toArray(): ArrayLike<number> } | null }>
}

const name = 'bench'
/** Rows that are fetched and compared as float32, in units of the limit. */
const refine = 2

/** LanceDB in this process. It has no one index that is best at everything, so that two of them take part. */
export class LanceDb implements Adapter {
  /** Each write is a file: small ones would make it slow. */
  readonly batchRows = 10_000
  readonly writers = 1
  readonly #settings: EngineSettings
  readonly #isGraph: boolean
  readonly #require: NodeJS.Require
  #connection: Connection | undefined
  #table: Table | undefined

  constructor(settings: EngineSettings) {
    this.#settings = settings
    this.#isGraph = settings.kind === 'lancedb-hnsw'
    this.#require = createRequire(join(resolve(settings.peers ?? '.'), 'package.json'))
  }

  async start(): Promise<void> {
    this.#connection = await this.#lance.connect(join(this.#settings.home, 'lance'))
  }

  async describe() {
    return {
      version: await installedVersion(this.#settings.peers, '@lancedb/lancedb'),
      settings: this.#isGraph
        ? `IVF_HNSW_SQ with one partition, l2, m ${graph.m}, efConstruction ${graph.efConstruct}, refine factor ${refine}, all its threads`
        : 'IVF_FLAT with as many partitions as it chooses, l2, all its threads',
      durability: 'files that are written, not synced, before a write is acknowledged',
      effort: this.#isGraph
        ? { name: 'ef', values: [20, 32, 48, 64, 96, 128, 192, 256, 384, 512] }
        : { name: 'nprobes', values: [1, 2, 4, 8, 16, 32, 64, 128, 256] },
      clientsMax: Infinity,
      filters: true,
    }
  }

  async create(): Promise<void> {}

  prepare(batch: Batch): () => Promise<void> {
    const data = this.#arrowOf(batch)
    return async () => {
      if (this.#table === undefined) this.#table = await this.#connection!.createTable(name, data)
      else await this.#table.add(data)
    }
  }

  async waitIndexed(rows: number): Promise<number> {
    const table = this.#opened
    const { Index } = this.#lance
    await table.optimize()
    const config = this.#isGraph
      ? Index.hnswSq({ distanceType: 'l2', numPartitions: 1, m: graph.m, efConstruction: graph.efConstruct })
      : Index.ivfFlat({ distanceType: 'l2' })
    await table.createIndex('vector', { config })
    await table.createIndex('n', { config: Index.btree() })
    for (const classes of classCounts) {
      await table.createIndex(`c${classes}`, { config: classes > 100 ? Index.btree() : Index.bitmap() })
    }
    await table.prewarmIndex('vector_idx')
    return ((await table.indexStats('vector_idx'))?.numIndexedRows ?? 0) / rows
  }

  async searchers(
    { queries }: Questions,
    { effort, filter }: SearchSetting,
    clients: number,
  ): Promise<Searcher[]> {
    const table = this.#opened
    const search = (query: number) => {
      const asked = table
        .query()
        .nearestTo(vectorAt(queries, query))
        .distanceType('l2')
        .limit(limit)
        .select(['id', '_distance'])
      if (this.#isGraph) asked.ef(effort).refineFactor(refine)
      else asked.nprobes(effort)
      if (filter !== undefined) asked.where(sqlOf(conditionOf(filter, query)))
      return asked.toArrow()
    }
    const rows = async (query: number) => (await search(query)).getChild('id')?.toArray() ?? []
    return Array.from({ length: clients }, () => ({ run: search, rows }))
  }

  process() {
    return { pid: process.pid }
  }

  async restart(questions: Questions): Promise<number> {
    await this.stop()
    return timed(async () => {
      await this.start()
      this.#table = await this.#connection!.openTable(name)
      const [searcher] = await this.searchers(questions, { effort: 64 }, 1)
      await searcher?.rows(0)
    })
  }

  async operations() {
    const table = this.#opened
    const version = await table.version()
    const taken = await timed(async () => (await table.tags()).create('bench', version))
    const rolledBack = await timed(async () => {
      await table.checkout(version)
      await table.restore()
    })
    return [
      { name: 'snapshot' as const, what: 'a tag on a version of one table', seconds: taken },
      { name: 'rollback' as const, what: 'checkout and restore of a version', seconds: rolledBack },
    ]
  }

  async stop(): Promise<void> {
    this.#table?.close()
    this.#connection?.close()
    this.#table = this.#connection = undefined
  }

  get #lance(): Lance {
    return this.#require('@lancedb/lancedb') as Lance
  }

  get #opened(): Table {
    if (this.#table === undefined) throw new Error('Nothing has been written')
    return this.#table
  }

  #arrowOf({ firstRow, count, dimensions, flat, numbers }: Batch): object {
    const arrow = this.#require('apache-arrow') as typeof Arrow
    const values = arrow.makeData({ type: new arrow.Float32(), data: flat })
    const type = new arrow.FixedSizeList(dimensions, new arrow.Field('item', new arrow.Float32(), true))
    const vector = arrow.makeVector(arrow.makeData({ type, length: count, nullCount: 0, child: values }))
    const columns: Record<string, Arrow.Vector> = {
      id: arrow.vectorFromArray(Int32Array.from({ length: count }, (_, i) => firstRow + i)),
      vector,
      n: arrow.vectorFromArray(Int32Array.from(numbers)),
    }
    for (const classes of classCounts) {
      const texts = Array.from(numbers, (number) => classOf(classes, number))
      columns[`c${classes}`] = arrow.vectorFromArray(texts, new arrow.Utf8())
    }
    return new arrow.Table(columns)
  }
}

function sqlOf(condition: Condition): string {
  if ('value' in condition) return `${condition.field} = '${condition.value}'`
  return `n >= ${condition.from} AND n < ${condition.below}`
}
