import { graphParamsOf as milvusGraphParams } from '../api/milvus/indexes/graph-params.ts'
import {
  configOfArchive as qdrantConfig,
  filterOfArchive as qdrantFilter,
} from '../api/qdrant/archive-config.ts'
import { graphParamsOf as qdrantGraphParams } from '../api/qdrant/graph-params.ts'
import { open, readFileStream, type Database, type GraphSettings } from '../index.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Configuration } from './configuration/configuration.ts'
import { exitCodes, StartupError } from './startup-error.ts'
import { ServerTls } from './tls/server-tls.ts'

/** What a server is made of before it is made: whoever has it closes both. */
export interface Opened {
  readonly tls: ServerTls | undefined
  /** Its collections are being loaded. */
  readonly database: Database
}

/**
 * Opens what is on the disk. Apart from the rest of the server, whose modules take half a second to compile: meanwhile threads
 * load the collections. `onLoading` is called when they have begun, as the opening waits for those with records to be replayed.
 * @throws StartupError
 */
export async function openDatabase(
  configuration: Configuration,
  logger: Logger,
  onLoading: () => void = () => undefined,
): Promise<Opened> {
  const tls = await openTls(configuration, logger)
  try {
    const { storagePath, searchThreads } = configuration.storage
    const threads = searchThreads === undefined ? {} : { searchThreads }
    const options = { logger, graphParams, qdrantConfig, qdrantFilter, lazy: true, onLoading, ...threads }
    return { tls, database: await open(storagePath, options) }
  } catch (error) {
    tls?.close()
    const message = error instanceof Error ? error.message : String(error)
    throw new StartupError(exitCodes.failure, message, error)
  }
}

/** A collection belongs to the door that it was made through. */
const graphParams: GraphSettings = (config, vector) =>
  milvusGraphParams(config, vector) ?? qdrantGraphParams(config, vector)

/** @throws StartupError */
async function openTls({ tls }: Configuration, logger: Logger): Promise<ServerTls | undefined> {
  if (tls === undefined) return undefined
  return ServerTls.open(tls, { readBytes, clock: systemClock, logger })
}

async function readBytes(path: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readFileStream(path)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
