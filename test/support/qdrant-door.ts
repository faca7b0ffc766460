import fastify, { type FastifyInstance } from 'fastify'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Door } from '../../src/api/qdrant/door.ts'
import { openDoor, qdrantRoutes, type QdrantDoorOptions } from '../../src/api/qdrant/routes.ts'
import { open, type Database, type OpenOptions } from '../../src/index.ts'
import { systemClock } from '../../src/runtime/clock.ts'

/** What both of Qdrant's APIs share, over a new database in a folder of its own. */
export interface TestQdrantDoor {
  readonly folder: string
  readonly snapshotsPath: string
  readonly database: Database
  readonly door: Door
  /** Removes the folder, too. */
  close(): Promise<void>
}

/** Qdrant's REST API, without a server. */
export interface TestQdrant extends TestQdrantDoor {
  readonly app: FastifyInstance
}

export async function openTestQdrantDoor(
  more: Partial<QdrantDoorOptions> = {},
  options: OpenOptions = { workers: 0, background: false },
): Promise<TestQdrantDoor> {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-qdrant-'))
  const snapshotsPath = join(folder, 'snapshots')
  const database = await open(join(folder, 'storage'), options)
  const door = openDoor({
    database,
    archives: database.archiveFolder(snapshotsPath),
    archivesMode: 'virtual',
    clock: systemClock,
    version: '1.19.0',
    allowUrlRecovery: false,
    download: () => Promise.reject(new Error('not in this test')),
    snapshotsPath,
    maxRequestBytes: 4_000_000,
    readiness: () => true,
    ...more,
  })
  const close = async (): Promise<void> => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { folder, snapshotsPath, database, door, close }
}

/** Over `app`, which may have hooks already. */
export async function openTestQdrant(
  more: Partial<QdrantDoorOptions> = {},
  app: FastifyInstance = fastify(),
): Promise<TestQdrant> {
  const opened = await openTestQdrantDoor(more)
  await qdrantRoutes(app, opened.door)
  const close = async (): Promise<void> => {
    await app.close()
    await opened.close()
  }
  return { ...opened, app, close }
}
