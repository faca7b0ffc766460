import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { timed } from './timed.ts'
import { limit, vectorAt } from '../data/truth.ts'
import type { Questions } from '../data/data-set.ts'
import {
  graph,
  type Adapter,
  type Batch,
  type EngineSettings,
  type SearchSetting,
  type Searcher,
} from './adapter.ts'
import { installedVersion } from './peers.ts'

/** The part of usearch that is used. */
interface Index {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void
  save(path: string): void
  load(path: string): void
  size(): number
  search(query: Float32Array, limit: number, threads: number): { readonly keys: BigUint64Array }
}

/** An index in this process, without filters, payload or durability: what a graph alone can do. */
export class Usearch implements Adapter {
  readonly batchRows = 1_000
  readonly writers = 1
  readonly #settings: EngineSettings
  #dimensions = 0
  #index: Index | undefined
  #effort = 64

  constructor(settings: EngineSettings) {
    this.#settings = settings
  }

  async start(): Promise<void> {}

  async describe() {
    return {
      version: await installedVersion(this.#settings.peers, 'usearch'),
      settings: `l2sq, f32, connectivity ${graph.m}, expansion_add ${graph.efConstruct}, one thread`,
      durability: 'none: in memory until it is saved',
      effort: { name: 'ef', values: [10, 16, 32, 48, 64, 96, 128, 192, 256, 512, 1_024] },
      clientsMax: 1,
      filters: false,
    }
  }

  async create(dimensions: number): Promise<void> {
    this.#dimensions = dimensions
    this.#index = this.#make(this.#effort)
  }

  prepare({ firstRow, count, flat }: Batch): () => Promise<void> {
    const keys = BigUint64Array.from({ length: count }, (_, i) => BigInt(firstRow + i))
    return async () => this.#index?.add(keys, flat, 1)
  }

  async waitIndexed(rows: number): Promise<number> {
    return (this.#index?.size() ?? 0) / rows
  }

  /** Its ef is fixed when an index is made. */
  async searchers({ queries }: Questions, { effort }: SearchSetting): Promise<Searcher[]> {
    if (this.#effort !== effort) {
      this.#index?.save(this.#file)
      this.#index = this.#make(effort)
      this.#index.load(this.#file)
      this.#effort = effort
    }
    const index = this.#index!
    const found = (query: number) => index.search(vectorAt(queries, query), limit, 1).keys
    return [{ run: found, rows: async (query) => Array.from(found(query), Number) }]
  }

  process() {
    return { pid: process.pid }
  }

  async restart({ queries }: Questions): Promise<number> {
    this.#index?.save(this.#file)
    this.#index = undefined
    return timed(() => {
      this.#index = this.#make(this.#effort)
      this.#index.load(this.#file)
      this.#index.search(vectorAt(queries, 0), limit, 1)
    })
  }

  async operations() {
    const seconds = await timed(() => this.#index?.save(this.#file))
    return [{ name: 'snapshot' as const, what: 'save to a file, not synced', seconds }]
  }

  async stop(): Promise<void> {}

  get #file(): string {
    return join(this.#settings.home, 'index.usearch')
  }

  #make(effort: number): Index {
    const required = createRequire(join(resolve(this.#settings.peers ?? '.'), 'package.json'))
    const { Index: Made } = required('usearch') as { Index: new (options: object) => Index }
    return new Made({
      dimensions: this.#dimensions,
      metric: 'l2sq',
      quantization: 'f32',
      connectivity: graph.m,
      expansion_add: graph.efConstruct,
      expansion_search: effort,
    })
  }
}
