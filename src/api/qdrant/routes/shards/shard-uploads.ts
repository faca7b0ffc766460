import type { FastifyInstance } from 'fastify'
import type { Door } from '../../door.ts'
import { collectionName, shardParam } from '../../parameters.ts'
import { recoverShard } from '../../recovery.ts'
import { getShard } from '../../shard-of.ts'
import { restoreUpload, uploadMismatch } from '../uploads.ts'

const base = '/collections/:collection/shards/:shard'
const options = { bodyLimit: Number.MAX_SAFE_INTEGER }

/** Archives of one shard, whole or partial, as forms. They answer null where others answer true. */
export function shardUploadRoutes(app: FastifyInstance, door: Door): void {
  app.post(`${base}/snapshots/upload`, options, async (request, reply) => {
    const shard = shardParam(request)
    const name = collectionName(request)
    return restoreUpload(door, request, reply, async (bytes, checksum) => {
      const { collection } = getShard(door, name, shard)
      const recovery = { checksum, mismatch: uploadMismatch, isPartial: false }
      await door.recoveries.inTurn(collection.id, shard, () =>
        recoverShard(collection, shard, bytes, recovery),
      )
      return null
    })
  })

  app.post(`${base}/snapshot/partial/recover`, options, async (request, reply) => {
    const shard = shardParam(request)
    const name = collectionName(request)
    // Before the file is read, and whether anybody waits or not.
    const found = door.database.findCollection(name)
    const end = found === undefined ? undefined : door.recoveries.startPartial(found.id, shard)
    let isRestoring = false
    try {
      return await restoreUpload(door, request, reply, async (bytes, checksum) => {
        isRestoring = true
        try {
          const { collection } = getShard(door, name, shard)
          await recoverShard(collection, shard, bytes, {
            checksum,
            mismatch: uploadMismatch,
            isPartial: true,
          })
          return null
        } finally {
          end?.()
        }
      })
    } finally {
      // A form without a file never gets there.
      if (!isRestoring) end?.()
    }
  })
}
