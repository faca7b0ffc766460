import module from 'node:module'
import { systemEnvironment } from '../../runtime/environment.ts'
import type { Logger } from '../../runtime/logger.ts'
import { readConfigurationFiles } from '../../server/configuration/configuration-file.ts'
import { resolveConfiguration, type Configuration } from '../../server/configuration/configuration.ts'
import { createJsonLogger } from '../../server/json-logger.ts'
import { openDatabase } from '../../server/open-database.ts'
import type { RunningServer } from '../../server/server.ts'
import { mergeTrees, treeOf, type SettingsTree } from '../../server/configuration/settings-tree.ts'
import { parseSnapshotFlag, type StartupRestores } from '../../server/snapshot-flags.ts'
import { exitCodes, StartupError } from '../../server/startup-error.ts'
import { version } from '../../server/version.ts'
import { readText } from '../files.ts'
import type { ServeFlags } from '../serve.ts'

/** Serves until a signal, and gives the exit code. */
export async function runServer(flags: ServeFlags): Promise<number> {
  try {
    const configuration = await configurationOf(flags)
    const logger = createJsonLogger(configuration.logLevel)
    for (const { key, nearest } of configuration.ignored) {
      logger.info('a setting means nothing here', { key, ...(nearest === undefined ? {} : { nearest }) })
    }
    const fault = faultReporter(logger)
    const restores = restoresOf(flags)
    // The server's modules keep this thread busy: they come while threads load the collections, or after the opening. A failure is
    // told where they are needed.
    const opened = await openDatabase(
      configuration,
      logger,
      () => void serverModules().catch(() => undefined),
    )
    const { startServer } = await serverModules()
    const server = await startServer({ opened, configuration, restores, logger, onFatal: fault })
    greet(server, configuration)
    keepCompiled()
    const signal = await stopSignal()
    logger.info('stopping', { signal })
    await server.close()
    return 0
  } catch (error) {
    if (!(error instanceof StartupError)) throw error
    process.stderr.write(`error: ${error.message}\n`)
    return error.exitCode
  }
}

const serverModules = () => import('../../server/server.ts')

async function configurationOf(flags: ServeFlags): Promise<Configuration> {
  const environment = systemEnvironment()
  const given = { given: flags.configPath, runMode: environment['RUN_MODE'] }
  const files = await readConfigurationFiles(given, readText)
  return resolveConfiguration({ flags: treeOfFlags(flags), environment, files })
}

function treeOfFlags(flags: ServeFlags): SettingsTree {
  const paths: readonly (readonly [string, unknown])[] = [
    ['service.host', flags.host],
    ['service.http_port', numberOf(flags.httpPort)],
    ['service.grpc_port', numberOf(flags.grpcPort)],
    ['service.milvus_port', numberOf(flags.milvusPort)],
    ['storage.storage_path', flags.storagePath],
    ['storage.snapshots_path', flags.snapshotsPath],
    ['storage.temp_path', flags.tempPath],
    ['log_level', flags.logLevel],
  ]
  return paths
    .filter(([, value]) => value !== undefined)
    .map(([path, value]) => treeOf(path.split('.'), value))
    .reduce(mergeTrees, {})
}

/** Text that is no whole number stays text, so that the configuration can name it. */
function numberOf(text: string | undefined): unknown {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text
}

function restoresOf(flags: ServeFlags): StartupRestores {
  return {
    store: flags.storageSnapshot,
    collections: [...flags.snapshot, ...flags.collectionSnapshot].map(parseSnapshotFlag),
    force: flags.forceSnapshot,
  }
}

/** After a fault of our own, memory cannot be trusted: nothing more is written, the log is replayed at the next start. */
function faultReporter(logger: Logger): (error: unknown) => void {
  const stop = (error: unknown) => {
    logger.error('stopping after a fault', { error })
    process.exit(exitCodes.failure)
  }
  process.on('uncaughtException', stop)
  process.on('unhandledRejection', stop)
  return stop
}

/** At its end a process does so by itself, but not one that is killed. */
function keepCompiled(): void {
  // Since Node 22.10.
  const { flushCompileCache } = module as { readonly flushCompileCache?: () => void }
  flushCompileCache?.()
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
}

function greet(server: RunningServer, { service, storage }: Configuration): void {
  const lines = [
    `Stillpoint ${version}`,
    `  storage    ${storage.storagePath}`,
    `  snapshots  ${storage.snapshotsPath}`,
    `  REST       ${server.url}  (Qdrant's API)`,
    `  gRPC       ${server.grpcAddress ?? 'closed'}  (Qdrant's API)`,
    `  gRPC       ${server.milvusAddress ?? 'closed'}  (Milvus' API)`,
    ...openDoor(service),
    `Try:  curl ${server.url}/collections`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function openDoor({ host, apiKey }: Configuration['service']): readonly string[] {
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.')
  if (isLocal || apiKey !== undefined) return []
  return ['  no key is set: whoever reaches this port may do everything (service.api_key)']
}
