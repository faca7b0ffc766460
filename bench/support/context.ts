import type { OwnServer } from '../../scripts/terminal/own-server.ts'
import { startProgress } from '../../scripts/terminal/progress.ts'
import type { Figure } from './figures.ts'
import type { SearchResults } from '../search/results.ts'
import { HttpClient } from './http-client.ts'
import { RandomPoints } from './random-points.ts'

/** Everything that grows with the size of a run. */
export interface Sizes {
  readonly smallRows: number
  readonly largeRows: number
  readonly snapshotPairs: number
  readonly restorePairs: number
  readonly writeRounds: number
  readonly writeRoundMs: number
  readonly ingestRounds: number
  readonly ingestBodies: number
  /** Of 1,000 points x 1,536. */
  readonly largeBodies: number
  readonly downloadRounds: number
  readonly restarts: number
  /** In one list. */
  readonly snapshots: number
  readonly queryRounds: number
}

export const fullSizes: Sizes = {
  smallRows: 1_000,
  largeRows: 1_000_000,
  snapshotPairs: 250,
  restorePairs: 100,
  writeRounds: 20,
  writeRoundMs: 1_000,
  ingestRounds: 6,
  ingestBodies: 40,
  largeBodies: 64,
  downloadRounds: 9,
  restarts: 3,
  snapshots: 10_000,
  queryRounds: 200,
}

export const quickSizes: Sizes = {
  smallRows: 1_000,
  largeRows: 50_000,
  snapshotPairs: 60,
  restorePairs: 30,
  writeRounds: 4,
  writeRoundMs: 1_000,
  ingestRounds: 3,
  ingestBodies: 15,
  largeBodies: 32,
  downloadRounds: 5,
  restarts: 2,
  snapshots: 1_000,
  queryRounds: 60,
}

export const rowDimensions = 16
export type LoadedCollection = 'small' | 'large'

const batchRows = 2_000
const connections = 4

export interface Bench {
  readonly name: string
  readonly title: string
  /** Its processes are its own: the shared server ends before, so that it takes nothing from them. */
  readonly startsServers?: true
  run(context: Context): Promise<readonly Figure[]>
}

/** One server process and one load generator, which all measurements of a run share. */
export class Context {
  readonly sizes: Sizes
  readonly signal: AbortSignal
  /** A folder on the disk that is measured. */
  readonly home: string
  readonly seed: number
  readonly points: RandomPoints
  readonly milvusAddress: string
  /** What benches found beyond figures. */
  readonly results: { search?: SearchResults } = {}
  readonly #server: OwnServer
  readonly #loaded = new Set<LoadedCollection>()
  #http: HttpClient | undefined
  #pid: number | undefined

  constructor(parts: {
    sizes: Sizes
    signal: AbortSignal
    home: string
    seed: number
    server: OwnServer
    milvusAddress: string
  }) {
    this.sizes = parts.sizes
    this.signal = parts.signal
    this.home = parts.home
    this.seed = parts.seed
    this.points = new RandomPoints(parts.seed)
    this.milvusAddress = parts.milvusAddress
    this.#server = parts.server
  }

  get http(): HttpClient {
    if (this.#http === undefined) throw new Error('The server has not been started')
    return this.#http
  }

  get server(): OwnServer {
    return this.#server
  }

  /** Undefined while no server runs. */
  get serverPid(): number | undefined {
    return this.#pid
  }

  /** Starts the server, also after it was stopped or killed. */
  async startServer(): Promise<void> {
    this.signal.throwIfAborted()
    this.disconnect()
    const { url, process } = await this.#server.start()
    this.#pid = process.pid
    this.#http = new HttpClient(url, connections)
  }

  /** Ends the server if one runs. */
  async stopServer(): Promise<void> {
    this.disconnect()
    await this.#server.stop()
    this.#pid = undefined
  }

  disconnect(): void {
    this.#http?.close()
    this.#http = undefined
  }

  rowsOf(collection: LoadedCollection): number {
    return collection === 'small' ? this.sizes.smallRows : this.sizes.largeRows
  }

  /** Fills the collection the first time that somebody needs it. */
  async load(collection: LoadedCollection): Promise<void> {
    if (this.#loaded.has(collection)) return
    const rows = this.rowsOf(collection)
    await this.createCollection(collection, rowDimensions)
    const starts = Array.from({ length: Math.ceil(rows / batchRows) }, (_, i) => i * batchRows)
    const progress = startProgress(`loading ${collection}`, rows, 'rows')
    let done = 0
    try {
      await this.inParallel(connections, starts, async (start) => {
        const count = Math.min(batchRows, rows - start)
        await this.upsert(collection, this.points.body(start + 1, count, rowDimensions))
        progress.update((done += count))
      })
    } finally {
      progress.end()
    }
    this.#loaded.add(collection)
  }

  async createCollection(name: string, dimensions: number): Promise<void> {
    const config = JSON.stringify({ vectors: { size: dimensions, distance: 'Dot' } })
    await this.http.call('PUT', `/collections/${name}`, config)
  }

  /** Answered when the points are on disk. */
  async upsert(collection: string, body: string | Uint8Array): Promise<void> {
    await this.http.text('PUT', `/collections/${collection}/points?wait=true`, body)
  }

  /** Takes a snapshot without its archive or SHA-256. @returns its name */
  async createSnapshot(collection: string): Promise<string> {
    const path = `/collections/${collection}/snapshots?checksum=false`
    return (await this.http.call<{ name: string }>('POST', path)).name
  }

  async countPoints(collection: string): Promise<number> {
    const path = `/collections/${collection}/points/count`
    return (await this.http.call<{ count: number }>('POST', path, '{"exact":true}')).count
  }

  /** Works on the items in their order, `width` at a time. */
  async inParallel<T>(width: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const queue = items.values()
    const worker = async () => {
      for (const item of queue) {
        this.signal.throwIfAborted()
        await work(item)
      }
    }
    await Promise.all(Array.from({ length: width }, worker))
  }
}
