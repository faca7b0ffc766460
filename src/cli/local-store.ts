import fastify from 'fastify'
import { configOfArchive, filterOfArchive } from '../api/qdrant/archive-config.ts'
import { MoveIn } from '../api/qdrant/move-in/move-in.ts'
import { archiveSettings } from '../api/qdrant/present/archive-settings.ts'
import { v1Routes } from '../api/v1/v1-routes.ts'
import { isDatabaseError, open, type Database } from '../index.ts'
import { systemClock } from '../runtime/clock.ts'
import { systemRandom } from '../runtime/random.ts'
import { createGuard } from '../server/auth/guard.ts'
import { guardRoutes } from '../server/auth/guard-routes.ts'
import { createDownload } from '../server/download/download.ts'
import { version } from '../server/version.ts'
import { ApiClient } from './api-client.ts'
import { CliError } from './cli-error.ts'

/** Runs a command against the API of a store, served on a port and with a key that nobody else knows. @throws CliError */
export async function withStore<T>(
  path: string,
  command: (api: ApiClient) => Promise<T>,
  isWritten: boolean,
): Promise<T> {
  await using database = await openStore(path, isWritten)
  return await serving(database, command)
}

async function openStore(path: string, isWritten: boolean): Promise<Database> {
  try {
    // Nothing starts by itself: a command does what it says, and ends. What writes much has to be flushed meanwhile.
    const options = isWritten ? { lazy: true } : { background: false, mustExist: true }
    return await open(path, { ...options, qdrantConfig: configOfArchive, qdrantFilter: filterOfArchive })
  } catch (error) {
    if (!isDatabaseError(error, 'store-locked')) throw error
    throw new CliError(`${error.message}; if that is a server, give its --url instead [${error.code}]`)
  }
}

async function serving<T>(database: Database, command: (api: ApiClient) => Promise<T>): Promise<T> {
  const key = systemRandom.uuid()
  const app = fastify({ routerOptions: { maxParamLength: 4096 }, forceCloseConnections: true })
  guardRoutes(app, createGuard({ apiKey: key, database, clock: systemClock }))
  // Who gives the command may reach whatever this machine reaches.
  const ask = createDownload({ allowPrivate: true })
  const moves = new MoveIn({ database, ask, clock: systemClock, random: systemRandom, isAllowed: true })
  await v1Routes(app, {
    database,
    clock: systemClock,
    version,
    maxRequestBytes: 2 ** 26,
    qdrantSettings: archiveSettings,
    moves,
  })
  try {
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    return await command(new ApiClient(url, key, true))
  } finally {
    await app.close()
  }
}
