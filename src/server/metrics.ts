import type { FastifyInstance } from 'fastify'
import type { Database } from '../index.ts'
import type { CountedRequest, Instruments } from './instruments.ts'

/** So many requests are remembered before they are counted. */
const uncountedMax = 1_000

/**
 * What `GET /metrics` tells. What counts is loaded when somebody asks, or when it is told to: no answer needs it, and a start
 * would wait for its modules. Requests that are answered before are counted then.
 */
export class Metrics {
  readonly #database: Database
  readonly #uncounted: CountedRequest[] = []
  #loading: Promise<Instruments> | undefined
  #instruments: Instruments | undefined

  constructor(database: Database) {
    this.#database = database
  }

  /** Counts every request of `app`. The label is the route's pattern, so that no client can make labels at will. */
  count(app: FastifyInstance): void {
    app.addHook('onResponse', async ({ method, routeOptions }, { statusCode: status, elapsedTime }) => {
      this.#count({ method, route: routeOptions.url ?? 'unknown', status, seconds: elapsedTime / 1000 })
    })
  }

  load(): Promise<Instruments> {
    return (this.#loading ??= this.#load())
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    return (await this.load()).text()
  }

  async #load(): Promise<Instruments> {
    const { Instruments } = await import('./instruments.ts')
    this.#instruments = new Instruments(this.#database)
    for (const one of this.#uncounted.splice(0)) this.#instruments.count(one)
    return this.#instruments
  }

  #count(request: CountedRequest): void {
    if (this.#instruments !== undefined) return this.#instruments.count(request)
    if (this.#uncounted.push(request) === uncountedMax) void this.load()
  }
}
