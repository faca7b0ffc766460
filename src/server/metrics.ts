import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Database } from '../index.ts'

/** What `GET /metrics` tells. Gauges are read from the database when somebody asks. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Counter<'method' | 'route' | 'status'>
  readonly #seconds: Histogram<'method' | 'route'>

  constructor(database: Database) {
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry, prefix: 'stillpoint_' })
    const gauge = (name: string, help: string, read: () => number) => {
      new Gauge({
        name: `stillpoint_${name}`,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    }
    gauge('collections', 'Collections in the database', () => database.listCollections().length)
    gauge('points', 'Points in all collections', () => sumOf(database, (one) => one.info().pointCount))
    gauge('snapshots', 'Snapshots of collections and of the whole store', () => {
      return database.listSnapshots().length + sumOf(database, (one) => one.listSnapshots().length)
    })
    gauge('log_bytes', 'Bytes in the write-ahead log', () => database.stats().logBytes)
    this.#requests = new Counter({
      name: 'stillpoint_http_requests_total',
      help: 'Requests answered, by route and status',
      labelNames: ['method', 'route', 'status'],
      registers,
    })
    this.#seconds = new Histogram({
      name: 'stillpoint_http_request_seconds',
      help: 'Time from the request line to the last byte of the answer',
      labelNames: ['method', 'route'],
      registers,
    })
  }

  /** Counts every request of `app`. The label is the route's pattern, so that no client can make labels at will. */
  count(app: FastifyInstance): void {
    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'unknown'
      this.#requests.inc({ method: request.method, route, status: reply.statusCode })
      this.#seconds.observe({ method: request.method, route }, reply.elapsedTime / 1000)
    })
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }
}

function sumOf(
  database: Database,
  count: (collection: ReturnType<Database['getCollection']>) => number,
): number {
  return database.listCollections().reduce((sum, collection) => sum + count(collection), 0)
}
