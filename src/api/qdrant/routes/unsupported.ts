import type { FastifyInstance } from 'fastify'
import { getCollection, type Door } from '../door.ts'
import { unsupported } from '../failures.ts'
import { collectionName } from '../parameters.ts'

/** Routes of Qdrant that are not built: a clear refusal, where silence could be taken for a typing mistake. */
const routes: readonly (readonly ['GET' | 'PUT' | 'POST' | 'DELETE', string, string])[] = [
  ['GET', '/optimizations', 'optimization reports are'],
  ['GET', '/memory', 'memory reports are'],
  ['POST', '/shards/:shard/points', 'reads of single shards are'],
  ['POST', '/shards/:shard/points/scroll', 'reads of single shards are'],
  ['POST', '/shards/:shard/points/count', 'reads of single shards are'],
  ['POST', '/shards/:shard/cleanup', 'cleaning of single shards is'],
  ['GET', '/shards/:shard/snapshots', 'snapshots of single shards are'],
  ['POST', '/shards/:shard/snapshots', 'snapshots of single shards are'],
  ['GET', '/shards/:shard/snapshots/:name', 'snapshots of single shards are'],
  ['DELETE', '/shards/:shard/snapshots/:name', 'snapshots of single shards are'],
  ['PUT', '/shards/:shard/snapshots/recover', 'snapshots of single shards are'],
  ['POST', '/shards/:shard/snapshots/upload', 'snapshots of single shards are'],
  ['GET', '/shards/:shard/snapshot', 'snapshots of single shards are'],
  ['GET', '/shards/:shard/snapshot/partial/manifest', 'snapshots of single shards are'],
  ['POST', '/shards/:shard/snapshot/partial/create', 'snapshots of single shards are'],
  ['POST', '/shards/:shard/snapshot/partial/recover', 'snapshots of single shards are'],
  ['POST', '/shards/:shard/snapshot/partial/recover_from', 'snapshots of single shards are'],
]

export function unsupportedRoutes(app: FastifyInstance, door: Door): void {
  for (const [method, path, what] of routes) {
    app.route({
      method,
      url: `/collections/:collection${path}`,
      handler: (request) => {
        getCollection(door, collectionName(request))
        throw unsupported(what)
      },
    })
  }
}
