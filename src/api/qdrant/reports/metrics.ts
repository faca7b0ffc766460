import type { Collection } from '../../../index.ts'
import { processMemory } from '../../../runtime/memory-use.ts'
import type { Door } from '../door.ts'
import { formatMetrics, type Family, type Sample } from './metrics-text.ts'
import type { Durations, Protocol, Tally } from './request-statistics.ts'
import { snapshotsCreated, vectorCounts } from './telemetry.ts'

/** The metrics of Qdrant that mean something here, by its names, so that its dashboards and alarms find them. */
export function qdrantMetrics(
  door: Door,
  { isAnonymous, perCollection }: { readonly isAnonymous: boolean; readonly perCollection: boolean },
): string {
  const collections = door.database.listCollections().filter(({ isLoaded }) => isLoaded)
  return formatMetrics([
    gauge('app_info', 'information about qdrant server', [
      { labels: { name: 'qdrant', version: door.version }, value: 1 },
    ]),
    gauge('collections_total', 'number of collections', [{ value: door.database.stats().collections }]),
    ...(isAnonymous ? [] : collectionFamilies(door, collections)),
    ...memoryFamilies(),
    ...(['rest', 'grpc'] as const).flatMap((protocol) =>
      requestFamilies(door, protocol, perCollection && !isAnonymous),
    ),
  ])
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples }
}

function collectionFamilies(door: Door, collections: readonly Collection[]): Family[] {
  const vectors = collections.flatMap((one) =>
    Object.entries(vectorCounts(one.segmentReports())).map(([vector, value]) => ({
      labels: { collection: one.name, vector },
      value,
    })),
  )
  const ofEach = (value: (one: Collection) => number): Sample[] =>
    collections.map((one) => ({ labels: { id: one.name }, value: value(one) }))
  return [
    gauge('collections_vector_total', 'total number of vectors in all collections', [
      { value: vectors.reduce((sum, { value }) => sum + value, 0) },
    ]),
    gauge('collection_vectors', 'amount of vectors grouped by vector name', vectors),
    gauge(
      'collection_points',
      'approximate amount of points per collection',
      ofEach((one) => one.segmentReports().reduce((sum, { pointCount }) => sum + pointCount, 0)),
    ),
    gauge(
      'collection_running_optimizations',
      'number of currently running optimization tasks per collection',
      ofEach(() => 0),
    ),
    gauge('collection_dead_replicas', 'total amount of shard replicas in non-active state', [{ value: 0 }]),
    {
      name: 'snapshot_created_total',
      help: 'total amount of snapshots created',
      type: 'counter',
      samples: ofEach(({ name }) => snapshotsCreated(door, name)),
    },
  ]
}

function memoryFamilies(): Family[] {
  const { heapTotal, heapUsed, external, rss } = processMemory()
  const families: readonly (readonly [string, string, number])[] = [
    ['active', 'Bytes of the heap, and outside of it, that are reserved', heapTotal + external],
    ['allocated', 'Bytes of the heap, and outside of it, that are in use', heapUsed + external],
    ['resident', 'Bytes that are in physical memory', rss],
  ]
  return families.map(([name, help, value]) => gauge(`memory_${name}_bytes`, help, [{ value }]))
}

function requestFamilies(door: Door, protocol: Protocol, perCollection: boolean): Family[] {
  const { requests } = door.service
  const counted = perCollection
    ? [...requests.perCollection(protocol)].flatMap(([collection, tally]) => entriesOf(tally, { collection }))
    : entriesOf(requests.all(protocol), {})
  // Only what succeeded says how long a request takes; a refusal is quick.
  const done = counted.filter(({ isDone }) => isDone)
  const of = (value: (durations: Durations) => number, entries = done): Sample[] =>
    entries.map(({ labels, durations }) => ({ labels, value: value(durations) }))
  const name = (rest: string): string => `${protocol}_responses_${rest}`
  return [
    {
      name: name('total'),
      help: 'total number of responses',
      type: 'counter',
      samples: of(({ count }) => count, counted),
    },
    gauge(
      name('avg_duration_seconds'),
      'average response duration',
      of(({ averageMicros }) => averageMicros / 1e6),
    ),
    gauge(
      name('min_duration_seconds'),
      'minimum response duration',
      of(({ minMicros }) => minMicros / 1e6),
    ),
    gauge(
      name('max_duration_seconds'),
      'maximum response duration',
      of(({ maxMicros }) => maxMicros / 1e6),
    ),
    {
      name: name('duration_seconds'),
      help: 'response duration histogram',
      type: 'histogram',
      samples: done.flatMap(({ labels, durations }) => histogramOf(labels, durations)),
    },
  ]
}

interface Counted {
  readonly labels: Readonly<Record<string, string>>
  readonly durations: Durations
  readonly isDone: boolean
}

/** Only requests for points and indexes of collections: the rest is seldom and would fill a page. */
const measured = /^(?:\w+ )?\/(?:collections\/\{collection_name\}\/(?:points|index|vectors)|qdrant\.Points\/)/

function entriesOf(tally: Tally, more: Readonly<Record<string, string>>): Counted[] {
  return [...tally]
    .filter(([endpoint]) => measured.test(endpoint))
    .flatMap(([endpoint, statuses]) => {
      const [method, path] = endpoint.includes(' ')
        ? (endpoint.split(' ') as [string, string])
        : [undefined, endpoint]
      return [...statuses].map(([status, durations]) => ({
        labels: {
          ...(method === undefined ? {} : { method }),
          endpoint: path,
          status: String(status),
          ...more,
        },
        durations,
        isDone: method === undefined ? status === 0 : status === 200,
      }))
    })
}

function histogramOf(labels: Readonly<Record<string, string>>, durations: Durations): Sample[] {
  return [
    ...durations.cumulated().map(({ boundMicros, count }) => ({
      suffix: '_bucket',
      labels: { ...labels, le: String(boundMicros / 1e6) },
      value: count,
    })),
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: durations.count },
    { suffix: '_sum', labels, value: durations.totalMicros / 1e6 },
    { suffix: '_count', labels, value: durations.count },
  ]
}
