import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Database, DatabaseStats } from '../index.ts'

const gauges: Readonly<Record<string, readonly [help: string, read: (stats: DatabaseStats) => number]>> = {
  collections: ['Collections in the database', (stats) => stats.collections],
  points: ['Points in all collections', (stats) => stats.points],
  snapshots: ['Snapshots of collections and of the whole database', (stats) => stats.snapshots],
  segments_in_memory: ['Segments that a collection or snapshot has open', (stats) => stats.segmentsInMemory],
  memtable_bytes: ['Bytes of rows that are not in a segment yet', (stats) => stats.memtableBytes],
  log_bytes: ['Bytes in the write-ahead log', (stats) => stats.logBytes],
  applied_seq: ['Number of the last log record that is applied', (stats) => stats.appliedSeq],
  checkpoint_seq: [
    'Number of the last log record that the newest checkpoint holds',
    (stats) => stats.checkpointSeq,
  ],
}

/** What `GET /metrics` tells. Gauges are read from the database when somebody asks. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Counter<'method' | 'route' | 'status'>
  readonly #seconds: Histogram<'method' | 'route'>

  constructor(database: Database) {
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry, prefix: 'stillpoint_' })
    for (const [name, [help, read]] of Object.entries(gauges)) {
      new Gauge({
        name: `stillpoint_${name}`,
        help,
        registers,
        collect() {
          this.set(read(database.stats()))
        },
      })
    }
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
