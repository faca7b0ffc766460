import { openMilvusDoor, type MilvusDoor } from '../api/milvus/door.ts'
import { openSnapshots } from '../api/milvus/snapshots/open-snapshots.ts'
import type { Door } from '../api/qdrant/routes.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Configuration } from './configuration/configuration.ts'
import { milvusVersion } from './version.ts'

/** Milvus' clients send batches of 64 MiB. */
const requestBytesMin = 64 * 2 ** 20

/** What both of Milvus' APIs share, ready to answer. Exports go where the archives of `door` are. */
export async function openMilvus(
  { database, archives, snapshotsPath }: Door,
  { service }: Configuration,
  logger: Logger,
): Promise<MilvusDoor> {
  const keys = (...given: readonly (string | undefined)[]): readonly string[] =>
    given.filter((key) => key !== undefined)
  const door = openMilvusDoor({
    database,
    clock: systemClock,
    logger,
    version: milvusVersion,
    maxRequestBytes: Math.max(service.maxRequestBytes, requestBytesMin),
    exports: { archives, path: snapshotsPath },
    apiKeys: keys(service.apiKey, service.alternativeApiKey),
    readOnlyApiKeys: keys(service.readOnlyApiKey),
    ...(service.milvusAuthorization === undefined ? {} : { authorization: service.milvusAuthorization }),
  })
  await openSnapshots(door)
  return door
}
