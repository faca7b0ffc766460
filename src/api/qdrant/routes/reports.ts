import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { JsonObject, SegmentReport } from '../../../index.ts'
import { sendResult } from '../answers.ts'
import { reading, type Door } from '../door.ts'
import { wrongInput } from '../failures.ts'
import { collectionName, countParam, queryParam } from '../parameters.ts'

// Reports on what a collection is made of.

const optionalParts = ['queued', 'completed', 'idle_segments']

export function reportRoutes(app: FastifyInstance, door: Door): void {
  app.get('/collections/:collection/optimizations', async (request, reply) => {
    const name = collectionName(request)
    const parts = askedParts(request)
    countParam(request, 'completed_limit')
    const segments = await reading(door, name, async (reader) => reader.segmentReports())
    return sendResult(request, reply, optimizations(segments, parts))
  })

  app.get('/collections/:collection/memory', async (request, reply) => {
    const report = await reading(door, collectionName(request), async (reader) => {
      const { vectors } = reader.config()
      return memory(reader.segmentReports(), (name) => vectors[name]?.kind === 'sparse')
    })
    return sendResult(request, reply, report)
  })
}

/** @throws WireError 400 */
function askedParts(request: FastifyRequest): readonly string[] {
  const parts = (queryParam(request, 'with') ?? '').split(',').map((part) => part.trim())
  const unknown = parts.find((part) => part !== '' && !optionalParts.includes(part))
  if (unknown !== undefined) throw wrongInput(`Unknown field in 'with' parameter: ${unknown}`)
  return parts
}

/** Segments are never rebuilt behind a collection's back: none waits for it, all are idle. */
function optimizations(segments: readonly SegmentReport[], parts: readonly string[]): JsonObject {
  const idle = segments.map(({ id, pointCount }): JsonObject => ({ uuid: id, points_count: pointCount }))
  return {
    summary: {
      queued_optimizations: 0,
      queued_segments: 0,
      queued_points: 0,
      idle_segments: segments.length,
    },
    running: [],
    ...(parts.includes('queued') ? { queued: [] } : {}),
    ...(parts.includes('completed') ? { completed: [] } : {}),
    ...(parts.includes('idle_segments') ? { idle_segments: idle } : {}),
  }
}

/**
 * Everything that is searched lies in memory; files are read only when a collection is opened. Indexes of payload fields
 * are not counted.
 */
function memory(segments: readonly SegmentReport[], isSparse: (vector: string) => boolean): JsonObject {
  const names = [...new Set(segments.flatMap(({ vectors }) => Object.keys(vectors)))]
  const vectors = names.map((name) => {
    const bytes = segments.reduce((sum, segment) => sum + (segment.vectors[name]?.bytes ?? 0), 0)
    return { name, storage: use(bytes), index: use(0) }
  })
  const total = segments.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  const payload = segments.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0)
  const disk = segments.reduce((sum, { diskBytes }) => sum + diskBytes, 0)
  const rest = total - payload - vectors.reduce((sum, { storage }) => sum + storage.ram_bytes, 0)
  return {
    total: use(total, disk),
    vectors: vectors.filter(({ name }) => !isSparse(name)),
    sparse_vectors: vectors.filter(({ name }) => isSparse(name)),
    payload: use(payload),
    payload_index: [],
    other: { id_tracker: use(Math.max(0, rest)) },
  }
}

function use(
  ram: number,
  disk = 0,
): {
  readonly disk_bytes: number
  readonly ram_bytes: number
  readonly cached_bytes: number
  readonly expected_cache_bytes: number
} {
  return { disk_bytes: disk, ram_bytes: ram, cached_bytes: 0, expected_cache_bytes: 0 }
}
