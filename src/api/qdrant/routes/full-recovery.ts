import type { FastifyInstance } from 'fastify'
import { DatabaseError, type ArchiveDescription, type Database } from '../../../index.ts'
import { decodeBody } from '../body.ts'
import type { Door } from '../door.ts'
import { conflict, wrongInput } from '../failures.ts'
import { flagParam } from '../parameters.ts'
import { openLocation } from '../recovery.ts'
import { recoverFields, recoverRequest } from '../translate/recover.ts'
import { waited, waitsForSnapshot } from './background.ts'

/**
 * Ours: PUT /snapshots/recover restores a full snapshot while the server runs, where Qdrant has only a flag of its start.
 * All collections and aliases change in one moment, or none. Without `force=true` nothing that exists is replaced.
 */
export function fullRecoveryRoutes(app: FastifyInstance, door: Door): void {
  app.put('/snapshots/recover', async (request, reply) => {
    const isWaiting = waitsForSnapshot(request)
    const force = flagParam(request, 'force', false)
    const recovery = decodeBody(request, recoverRequest, recoverFields)
    const { checksum } = recovery
    return waited(door, isWaiting, request, reply, async () => {
      const source = await openLocation(door, recovery)
      try {
        await door.database.restoreStoreArchive(source, {
          replace: true,
          check: (description) => {
            if (!force) refuseExisting(door.database, description)
          },
          ...(checksum === undefined ? {} : { sha256: checksum.toLowerCase() }),
        })
      } catch (error) {
        if (!(error instanceof DatabaseError) || error.code !== 'checksum-mismatch') throw error
        const computed = String(error.details['actual'])
        throw wrongInput(`Snapshot checksum mismatch: expected ${checksum ?? ''}, got ${computed}`)
      }
      return true
    })
  })
}

/** Before the first byte of data is stored. */
function refuseExisting(database: Database, { collections, aliases }: ArchiveDescription): void {
  const taken = new Set(database.listCollections().map(({ name }) => name))
  const collection = collections.find(({ name }) => taken.has(name))
  if (collection !== undefined) throw exists('Collection', collection.name)
  const alias = database.listAliases().find((one) => Object.hasOwn(aliases, one.alias))
  if (alias !== undefined) throw exists('Alias', alias.alias)
}

function exists(what: string, name: string): Error {
  return conflict(`${what} ${name} already exists. Use force=true to overwrite it.`)
}
