import packageJson from '../../../../package.json' with { type: 'json' }
import { HttpClient } from '../../../support/http-client.ts'
import { loopDelayOf } from '../../../support/loop-delay.ts'
import type { Questions } from '../../data/data-set.ts'
import { classCounts, conditionOf, payloadOf, type Condition } from '../../data/filters.ts'
import { limit, vectorAt } from '../../data/truth.ts'
import {
  graph,
  type Adapter,
  type Batch,
  type EngineSettings,
  type SearchSetting,
  type Searcher,
} from '../adapter.ts'
import { HttpConnection, requestBytes } from './http-connection.ts'
import { indexedWithin } from '../indexed-within.ts'
import { serverProgramOf, type ServerProgram } from './server-program.ts'
import { timed } from '../timed.ts'
import { qdrantOperations, stillpointOperations } from './server-operations.ts'

const collection = '/collections/bench'

/** A server of its own behind Qdrant's REST API: ours or Qdrant itself get the same requests. */
export class RestServer implements Adapter {
  readonly batchRows = 500
  readonly writers = 4
  readonly #settings: EngineSettings
  readonly #program: ServerProgram
  readonly #isOurs: boolean
  #server: { readonly url: string; readonly pid: number } | undefined
  #client: HttpClient | undefined

  constructor(settings: EngineSettings) {
    this.#settings = settings
    this.#isOurs = settings.kind === 'stillpoint-server'
    this.#program = serverProgramOf(settings)
  }

  async start(): Promise<void> {
    this.#server = await this.#program.start()
    this.#client = new HttpClient(this.#server.url, this.writers)
  }

  async describe() {
    const root = JSON.parse(await this.#http.text('GET', '/')) as { readonly version: string }
    return {
      version: this.#isOurs ? packageJson.version : root.version,
      settings: `Euclid, float32, m ${graph.m}, ef_construct ${graph.efConstruct}, otherwise as it comes; REST`,
      durability: this.#isOurs
        ? 'wait=true: fdatasync before a write is acknowledged'
        : 'wait=true, otherwise as it comes',
      effort: { name: 'ef', values: [10, 16, 32, 48, 64, 96, 128, 192, 256, 512, 1_024] },
      clientsMax: Infinity,
      filters: true,
    }
  }

  async create(dimensions: number): Promise<void> {
    const config = {
      vectors: { size: dimensions, distance: 'Euclid' },
      hnsw_config: { m: graph.m, ef_construct: graph.efConstruct },
    }
    await this.#http.call('PUT', collection, JSON.stringify(config))
    const fields = [['n', 'integer'], ...classCounts.map((classes) => [`c${classes}`, 'keyword'])]
    for (const [field_name, field_schema] of fields) {
      await this.#http.call(
        'PUT',
        `${collection}/index?wait=true`,
        JSON.stringify({ field_name, field_schema }),
      )
    }
  }

  prepare({ firstRow, count, dimensions, flat, numbers }: Batch): () => Promise<void> {
    const points = Array.from({ length: count }, (_, i) => {
      const payload = JSON.stringify(payloadOf(numbers[i]!))
      return `{"id":${firstRow + i},"vector":${textOf(vectorAt({ dimensions, flat }, i))},"payload":${payload}}`
    })
    const body = Buffer.from(`{"points":[${points.join(',')}]}`)
    return async () => void (await this.#http.text('PUT', `${collection}/points?wait=true`, body))
  }

  async waitIndexed(rows: number, signal: AbortSignal): Promise<number> {
    // Ours keeps rows in memory for up to a minute before they become a segment.
    const restMs = this.#isOurs ? 75_000 : 5_000
    return indexedWithin({ rows, restMs }, signal, async () => {
      const info = await this.#http.call<{ status: string; indexed_vectors_count: number }>('GET', collection)
      return { isIdle: info.status === 'green', indexed: info.indexed_vectors_count }
    })
  }

  async searchers({ queries }: Questions, setting: SearchSetting, clients: number): Promise<Searcher[]> {
    const requests: Buffer[] = []
    const request = (query: number) =>
      (requests[query] ??= queryBytes(vectorAt(queries, query), setting, query))
    const connections = await Promise.all(
      Array.from({ length: clients }, () => HttpConnection.connect(this.#url)),
    )
    return connections.map((connection) => {
      const send = async (query: number) => {
        const answer = await connection.send(request(query))
        if (answer.status !== 200) throw new Error(`A query was refused: ${answer.body.toString()}`)
        return answer.body
      }
      const rows = async (query: number) => {
        const { result } = JSON.parse((await send(query)).toString()) as {
          result: { points: { id: number }[] }
        }
        return result.points.map(({ id }) => id)
      }
      return { run: send, rows, close: () => connection.close() }
    })
  }

  process() {
    return { pid: this.#server?.pid ?? -1 }
  }

  async loopDelayMs(): Promise<number> {
    if (!this.#isOurs) return Number.NaN
    return loopDelayOf(this.#http)
  }

  async restart(questions: Questions): Promise<number> {
    await this.stop()
    return timed(async () => {
      await this.start()
      const [searcher] = await this.searchers(questions, { effort: limit }, 1)
      await searcher?.rows(0)
      searcher?.close?.()
    })
  }

  operations() {
    return (this.#isOurs ? stillpointOperations : qdrantOperations)(this.#http)
  }

  async stop(): Promise<void> {
    this.#client?.close()
    this.#client = undefined
    await this.#program.stop()
  }

  get #http(): HttpClient {
    if (this.#client === undefined) throw new Error(`${this.#settings.kind} has not been started`)
    return this.#client
  }

  get #url(): string {
    return this.#server?.url ?? ''
  }
}

function queryBytes(vector: Float32Array, { effort, filter }: SearchSetting, query: number): Buffer {
  const asked =
    filter === undefined ? '' : `,"filter":${JSON.stringify(filterOf(conditionOf(filter, query)))}`
  const body = `{"query":${textOf(vector)},"limit":${limit},"params":{"hnsw_ef":${effort}}${asked}}`
  return requestBytes('POST', `${collection}/points/query`, body)
}

function filterOf(condition: Condition): object {
  const asked =
    'value' in condition
      ? { match: { value: condition.value } }
      : { range: { gte: condition.from, lt: condition.below } }
  return { must: [{ key: condition.field, ...asked }] }
}

/** With the digits of a float32, as clients send them. */
function textOf(vector: Float32Array): string {
  return `[${Array.from(vector, (value) => Number(value.toPrecision(9))).join(',')}]`
}
