import { cpus } from 'node:os'
import type { Collection, JsonObject, SegmentReport } from '../../../index.ts'
import { processMemory } from '../../../runtime/memory-use.ts'
import type { Door } from '../door.ts'
import { peerIdOf } from '../peer-id.ts'
import { shardsOf } from '../shard-keys.ts'
import { collectionInfo } from '../present/collection.ts'
import type { Rights } from '../rights/rights.ts'
import type { Durations, Protocol, Tally } from './request-statistics.ts'
import { segmentTelemetry } from './segment-telemetry.ts'

const features = ['debug', 'gpu', 'recovery_mode', 'rocksdb', 'service_debug_feature', 'staging']

export interface TelemetryRequest {
  /** As in Qdrant: 1 the process and sums of each collection, 2 their settings, 3 their shards, 4 the segments. */
  readonly level: number
  /** Nothing that has a name: numbers only. */
  readonly isAnonymous: boolean
  readonly perCollection: boolean
  readonly rights: Rights
}

export function telemetry(door: Door, request: TelemetryRequest): JsonObject {
  const { level, isAnonymous, rights } = request
  const collections = door.database
    .listCollections()
    .filter(({ name, isLoaded }) => isLoaded && rights.maySee(name))
  return {
    id: door.database.id,
    app: app(door, level),
    collections: {
      number_of_collections: collections.length,
      ...(level === 0 || isAnonymous
        ? {}
        : {
            collections: collections.map((one) => collectionTelemetry(door, one, level)),
            snapshots: collections.map((one) => snapshotTelemetry(door, one)),
          }),
    },
    cluster: { enabled: false, resharding_enabled: false },
    ...(rights.allows({ scope: 'global', level: 'read' }) ? wholeServer(door, request) : {}),
  }
}

/** Not for those who may see some collections only: it would tell them how much the others are used. */
function wholeServer(door: Door, request: TelemetryRequest): JsonObject {
  return {
    requests: { rest: requests(door, 'rest', request), grpc: requests(door, 'grpc', request) },
    ...(request.level === 0 ? {} : processTelemetry()),
    quota: { config: { enabled: false }, exceeded: {} },
  }
}

function app({ version, service }: Door, level: number): JsonObject {
  return {
    name: 'qdrant',
    version,
    startup: new Date(service.startedAt).toISOString(),
    ...(level === 0
      ? {}
      : {
          features: Object.fromEntries(features.map((name) => [name, false])),
          system: { is_docker: false, cores: cpus().length, cpu_flags: '' },
        }),
  }
}

function processTelemetry(): JsonObject {
  const { heapTotal, heapUsed, external, rss } = processMemory()
  return {
    memory: {
      active_bytes: heapTotal + external,
      allocated_bytes: heapUsed + external,
      metadata_bytes: 0,
      resident_bytes: rss,
      retained_bytes: 0,
    },
    hardware: { collection_data: {} },
    // One thread reads and writes; there are no pools to switch between.
    search_pool: { mode: 'high_cpu', high_cpu_threads: 1, high_io_threads: 1 },
  }
}

function requests(door: Door, protocol: Protocol, request: TelemetryRequest): JsonObject {
  const { isAnonymous, perCollection } = request
  const statistics = door.service.requests
  if (!perCollection || isAnonymous) return { responses: tallyTelemetry(statistics.all(protocol)) }
  const counted = [...statistics.perCollection(protocol)]
  return {
    responses: tallyTelemetry(statistics.all(protocol)),
    per_collection_responses: Object.fromEntries(
      counted.map(([name, tally]) => [name, tallyTelemetry(tally)]),
    ),
  }
}

function tallyTelemetry(tally: Tally): JsonObject {
  return Object.fromEntries(
    [...tally].map(([endpoint, statuses]) => [
      endpoint,
      Object.fromEntries([...statuses].map(([status, one]) => [String(status), durations(one)])),
    ]),
  )
}

function durations(one: Durations): JsonObject {
  return {
    count: one.count,
    avg_duration_micros: one.averageMicros,
    min_duration_micros: one.minMicros,
    max_duration_micros: one.maxMicros,
    total_duration_micros: Math.round(one.totalMicros),
    last_responded: new Date(one.lastAt).toISOString(),
  }
}

function snapshotTelemetry(door: Door, { name }: Collection): JsonObject {
  return { id: name, total_snapshot_creations: snapshotsCreated(door, name) }
}

/** Since the process started. */
export function snapshotsCreated({ service }: Door, collection: string): number {
  const created = service.requests
    .perCollection('rest')
    .get(collection)
    ?.get('POST /collections/{collection_name}/snapshots')
  return created?.get(200)?.count ?? 0
}

function collectionTelemetry(door: Door, collection: Collection, level: number): JsonObject {
  const info = collection.info()
  const { config } = collectionInfo(info) as { readonly config: JsonObject }
  if (level === 1)
    return { vectors: info.vectorCount, optimizers_status: 'ok', params: config['params'] ?? {} }
  const base = { id: info.name, init_time_ms: 0, config }
  if (level === 2) return base
  const segments = collection.segmentReports()
  const peer = String(peerIdOf(door.database.id))
  const shards = shardsOf(collection).map(({ shard_id: id, shard_key: key }): JsonObject => {
    const own = segments.filter(({ shard }) => shard === id)
    const pointCount = info.shardPointCounts[id as number]!
    return {
      id: id!,
      key: key ?? null,
      local: localShard(own, pointCount, collection, level),
      remote: [],
      replicate_states: { [peer]: 'Active' },
      partial_snapshot: { ongoing_create_snapshot_requests: 0, is_recovering: false, recovery_timestamp: 0 },
    }
  })
  return { ...base, shards, transfers: [], resharding: [] }
}

function localShard(
  segments: readonly SegmentReport[],
  pointCount: number,
  collection: Collection,
  level: number,
): JsonObject {
  const byName = vectorCounts(segments)
  return {
    variant_name: 'local shard',
    status: 'green',
    total_optimized_points: 0,
    vectors_size_bytes: sumOf(segments, ({ vectors }) => sumOf(Object.values(vectors), ({ bytes }) => bytes)),
    payloads_size_bytes: sumOf(segments, ({ payloadBytes }) => payloadBytes),
    num_points: pointCount,
    num_vectors: sumOf(Object.values(byName), (count) => count),
    num_vectors_by_name: byName,
    optimizations: { status: 'ok', optimizations: { count: 0 }, log: [] },
    async_scorer: false,
    update_queue: { length: 0 },
    ...(level < 4
      ? {}
      : {
          segments: segments.map((segment) => segmentTelemetry(segment, collection.info())),
          indexed_only_excluded_vectors: {},
        }),
  }
}

/** Points that have each vector. */
export function vectorCounts(segments: readonly SegmentReport[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { vectors } of segments) {
    for (const [name, { count }] of Object.entries(vectors)) counts[name] = (counts[name] ?? 0) + count
  }
  return counts
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0)
}
