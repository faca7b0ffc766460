import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Database, DatabaseStats, LoadingReport, PolicyMetrics } from '../index.ts'

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
  graphs_building: ['Graphs that are being built', (stats) => stats.graphs.graphs],
  graphs_building_rows: ['Rows of the graphs that are being built', (stats) => stats.graphs.rows],
  graphs_building_rows_done: [
    'Of these rows those that are in their graph',
    (stats) => stats.graphs.rowsDone,
  ],
}

/** With the label `policy`. The age of what never was is infinite, so that an alarm for an old one rings. */
const policyGauges: Readonly<
  Record<string, readonly [help: string, read: (metrics: PolicyMetrics) => number]>
> = {
  enabled: ['1 if the schedule of the policy is followed', ({ isEnabled }) => Number(isEnabled)],
  last_success_timestamp_seconds: [
    'Creation of the newest good snapshot of the policy; 0 if there is none',
    ({ lastSuccessAt }) => (lastSuccessAt ?? 0) / 1000,
  ],
  last_success_age_seconds: [
    'Age of the newest good snapshot of the policy; +Inf if there is none',
    ({ ageMs }) => (ageMs ?? Infinity) / 1000,
  ],
  snapshots: ['Snapshots of the policy', ({ snapshots }) => snapshots],
  snapshot_bytes: [
    'Bytes of the segments and deltas that snapshots of the policy reach, each counted once',
    ({ bytes }) => bytes,
  ],
}

/** How far a start has come. */
const loadingGauges: Readonly<
  Record<string, readonly [help: string, read: (report: LoadingReport) => number]>
> = {
  loading_segments: ['Segments that there were at the start', ({ segments }) => segments.total],
  loading_segments_done: ['Those of them that are in memory since', ({ segments }) => segments.loaded],
  loading_bytes: ['Bytes of the files of these segments', ({ bytes }) => bytes.total],
  loading_bytes_done: ['Those of segments that are in memory since', ({ bytes }) => bytes.loaded],
  loading_failed_collections: [
    'Collections that could not be loaded: their files are damaged, or cannot be read',
    ({ collections }) => collections.filter(({ status }) => status === 'failed').length,
  ],
}

const policyCounters: typeof policyGauges = {
  runs_total: ['Runs of the policy', ({ runs }) => runs],
  failures_total: ['Runs of the policy that failed', ({ failures }) => failures],
}

/** A request that has been answered. */
export interface CountedRequest {
  readonly method: string
  /** The route's pattern. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

/** All figures that there are. Gauges are read from the database when somebody asks. */
export class Instruments {
  readonly #registry = new Registry()
  readonly #database: Database
  readonly #policies: readonly { readonly set: (metrics: readonly PolicyMetrics[]) => void }[]
  readonly #requests: Counter<'method' | 'route' | 'status'>
  readonly #seconds: Histogram<'method' | 'route'>

  constructor(database: Database) {
    const registers = [this.#registry]
    this.#database = database
    this.#policies = policyMetrics(registers)
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
    for (const [name, [help, read]] of Object.entries(loadingGauges)) {
      new Gauge({
        name: `stillpoint_${name}`,
        help,
        registers,
        collect() {
          this.set(read(database.loading()))
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

  count({ method, route, status, seconds }: CountedRequest): void {
    this.#requests.inc({ method, route, status })
    this.#seconds.observe({ method, route }, seconds)
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    const metrics = await this.#database.policies.metrics()
    for (const one of this.#policies) one.set(metrics)
    return this.#registry.metrics()
  }
}

/** Set anew whenever somebody asks: a policy that was deleted leaves nothing behind. */
function policyMetrics(
  registers: Registry[],
): { readonly set: (metrics: readonly PolicyMetrics[]) => void }[] {
  const labelNames = ['policy'] as const
  const gauges = Object.entries(policyGauges).map(([name, [help, read]]) => {
    const gauge = new Gauge({ name: `stillpoint_policy_${name}`, help, labelNames, registers })
    return {
      set: (metrics: readonly PolicyMetrics[]) => {
        gauge.reset()
        for (const one of metrics) gauge.set({ policy: one.policy }, read(one))
      },
    }
  })
  const counters = Object.entries(policyCounters).map(([name, [help, read]]) => {
    const counter = new Counter({ name: `stillpoint_policy_${name}`, help, labelNames, registers })
    return {
      set: (metrics: readonly PolicyMetrics[]) => {
        counter.reset()
        for (const one of metrics) counter.inc({ policy: one.policy }, read(one))
      },
    }
  })
  return [...gauges, ...counters]
}
