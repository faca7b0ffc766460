import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { JsonValue } from '../../../index.ts'
import { sendResult } from '../answers.ts'
import { decodeBody } from '../body.ts'
import { getCollection, type Door } from '../door.ts'
import { plainly } from '../errors.ts'
import { wrongInput } from '../failures.ts'
import { collectionName, pathParam, queryParam } from '../parameters.ts'
import { openLocation, recover } from '../recovery.ts'
import { sendArchive } from '../../http/send-archive.ts'
import { sendExport } from '../../http/send-export.ts'
import { archiveSettings } from '../present/archive-settings.ts'
import { SnapshotShelf } from '../snapshot-shelf.ts'
import { recoverFields, recoverRequest } from '../translate/recover.ts'
import { waited, waitsForSnapshot } from './background.ts'

export function snapshotRoutes(app: FastifyInstance, door: Door): void {
  collectionSnapshots(app, door)
  fullSnapshots(app, door)

  app.put('/collections/:collection/snapshots/recover', async (request, reply) => {
    const name = collectionName(request)
    const isWaiting = waitsForSnapshot(request)
    const recovery = decodeBody(request, recoverRequest, recoverFields)
    return waited(door, isWaiting, request, reply, async () => {
      await recover(door, name, await openLocation(door, recovery), {
        checksum: recovery.checksum,
        mismatch: (given, computed) =>
          wrongInput(`Snapshot checksum mismatch: expected ${given}, got ${computed}`),
      })
      return true
    })
  })
}

function collectionSnapshots(app: FastifyInstance, door: Door): void {
  const shelfOf = (name: string): SnapshotShelf =>
    new SnapshotShelf(door, { collection: getCollection(door, name).name })

  app.get('/collections/:collection/snapshots', async (request, reply) => {
    return sendResult(request, reply, shown(await shelfOf(collectionName(request)).list()))
  })
  app.post('/collections/:collection/snapshots', async (request, reply) => {
    const name = collectionName(request)
    return waited(door, waitsForSnapshot(request), request, reply, async () => {
      const collection = getCollection(door, name)
      return shown(await shelfOf(name).create(collection, wantsChecksum(request)))
    })
  })
  app.get('/collections/:collection/snapshots/:name', async (request, reply) => {
    const name = collectionName(request)
    return plainly(async () => {
      if (wantsOwnForm(request)) return sendOwnForm(door, request, reply, name)
      return sendArchive(request, reply, await shelfOf(name).open(pathParam(request, 'name')))
    })
  })
  app.delete('/collections/:collection/snapshots/:name', async (request, reply) => {
    const name = collectionName(request)
    return waited(door, waitsForSnapshot(request), request, reply, async () => {
      await shelfOf(name).delete(pathParam(request, 'name'))
      return true
    })
  })
}

/** Ours: `?format=qdrant`. @throws WireError 400 for another form */
function wantsOwnForm(request: FastifyRequest): boolean {
  const format = queryParam(request, 'format')
  if (format === undefined || format === 'qdrant') return format !== undefined
  throw wrongInput(`there is no format \`${format}\` of archives, only \`qdrant\``)
}

/** An archive that a Qdrant loads. @throws WireError 404 */
async function sendOwnForm(
  door: Door,
  request: FastifyRequest,
  reply: FastifyReply,
  collection: string,
): Promise<FastifyReply> {
  const name = pathParam(request, 'name')
  const own = getCollection(door, collection).name
  const snapshot = door.database.findSnapshotFrom(own, name)
  if (snapshot === undefined) {
    const file = await new SnapshotShelf(door, { collection: own }).open(name)
    file.close()
    throw wrongInput(`of ${name} there is the file alone: recover it, and ask for a snapshot of that`)
  }
  const partition = queryParam(request, 'partition')
  const archive = await door.database.exportForQdrant(`${own}@${snapshot.id}`, {
    settings: archiveSettings,
    ...(partition === undefined ? {} : { partition }),
  })
  return sendExport(reply, name, archive)
}

function fullSnapshots(app: FastifyInstance, door: Door): void {
  const shelf = new SnapshotShelf(door, {})
  app.get('/snapshots', async (request, reply) => sendResult(request, reply, shown(await shelf.list())))
  app.post('/snapshots', async (request, reply) =>
    waited(door, waitsForSnapshot(request), request, reply, async () =>
      shown(await shelf.create(door.database, wantsChecksum(request))),
    ),
  )
  app.get('/snapshots/:name', (request, reply) =>
    plainly(async () => sendArchive(request, reply, await shelf.open(pathParam(request, 'name')))),
  )
  app.delete('/snapshots/:name', async (request, reply) =>
    waited(door, waitsForSnapshot(request), request, reply, async () => {
      await shelf.delete(pathParam(request, 'name'))
      return true
    }),
  )
}

export function shown(descriptions: object): JsonValue {
  return descriptions as JsonValue
}

/** Ours: `?checksum=false` spares sealing and hashing where archives are virtual. */
export function wantsChecksum(request: FastifyRequest): boolean {
  return queryParam(request, 'checksum') !== 'false'
}
