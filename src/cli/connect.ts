import fastify from 'fastify'
import { v1Routes } from '../api/v1/v1-routes.ts'
import { isDatabaseError, open, type Database } from '../index.ts'
import { systemClock } from '../runtime/clock.ts'
import { systemEnvironment } from '../runtime/environment.ts'
import { systemRandom } from '../runtime/random.ts'
import { createGuard } from '../server/auth/guard.ts'
import { guardRoutes } from '../server/auth/guard-routes.ts'
import { version } from '../server/version.ts'
import { ApiClient } from './api-client.ts'
import { CliError, misused } from './cli-error.ts'

export interface ConnectFlags {
  readonly url?: string
  readonly apiKey?: string
  readonly storagePath?: string
}

const urlDefault = 'http://127.0.0.1:6333'

/**
 * Runs a command against a server, or against a store that no server has open: then against the same API, served by
 * this process on a port and with a key that nobody else knows, until the command has ended.
 */
export async function withApi<T>(flags: ConnectFlags, command: (api: ApiClient) => Promise<T>): Promise<T> {
  const environment = systemEnvironment()
  if (flags.storagePath === undefined) {
    const url = flags.url ?? environment['STILLPOINT_URL'] ?? urlDefault
    if (!/^https?:\/\//.test(url)) throw misused(`Cannot use --url ${url}: it is no http or https URL`)
    return command(new ApiClient(url, flags.apiKey ?? environment['STILLPOINT_API_KEY']))
  }
  if (flags.url !== undefined)
    throw misused('Give --url for a server or --storage-path for a store, not both')
  await using database = await openStore(flags.storagePath)
  return await serving(database, command)
}

async function openStore(path: string): Promise<Database> {
  try {
    // Nothing starts by itself: a command does what it says, and ends.
    return await open(path, { background: false, mustExist: true })
  } catch (error) {
    if (!isDatabaseError(error, 'store-locked')) throw error
    throw new CliError(`${error.message}; if that is a server, give its --url instead [${error.code}]`)
  }
}

async function serving<T>(database: Database, command: (api: ApiClient) => Promise<T>): Promise<T> {
  const key = systemRandom.uuid()
  const app = fastify({ routerOptions: { maxParamLength: 4096 }, forceCloseConnections: true })
  guardRoutes(app, createGuard({ apiKey: key, database, clock: systemClock }))
  await v1Routes(app, { database, clock: systemClock, version, maxRequestBytes: 2 ** 26 })
  try {
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    return await command(new ApiClient(url, key, true))
  } finally {
    await app.close()
  }
}
