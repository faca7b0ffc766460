import { resolve } from 'node:path'
import { z } from 'zod'
import { environmentTree, mergeTrees, valueAt, type SettingsTree } from './settings-tree.ts'
import { exitCodes, StartupError } from './startup-error.ts'

export interface Configuration {
  readonly service: {
    readonly host: string
    /** 0 lets the system choose. */
    readonly httpPort: number
    /** Undefined if it is to stay closed. */
    readonly grpcPort: number | undefined
    /** False if `grpcPort` is the default: then it stays closed where somebody else has it. */
    readonly isGrpcPortChosen: boolean
    /** Undefined unless somebody asked for it. */
    readonly milvusPort: number | undefined
    readonly maxRequestBytes: number
    readonly apiKey: string | undefined
    readonly alternativeApiKey: string | undefined
    readonly readOnlyApiKey: string | undefined
    /** JSON web tokens are taken in place of keys. */
    readonly tokens: boolean
    readonly enableCors: boolean
    readonly enableSnapshotUrlRecovery: boolean
    /** False refuses downloads from loopback and private networks; link-local addresses are always refused. */
    readonly snapshotUrlPrivate: boolean
  }
  readonly storage: {
    readonly storagePath: string
    readonly snapshotsPath: string
    /** Accepted for Qdrant's sake: archives are streamed into the store and need no temporary copy. */
    readonly tempPath: string | undefined
    /** 'files' keeps each archive under `snapshotsPath`; 'virtual' produces it whenever it is read. */
    readonly archives: 'files' | 'virtual'
  }
  readonly logLevel: 'error' | 'info' | 'debug'
  /** Everything that was given, for what a front door itself understands (defaults of new collections). */
  readonly settings: SettingsTree
}

export interface ConfigurationSources {
  /** Settings from flags, as a tree. */
  readonly flags: SettingsTree
  readonly environment: Readonly<Record<string, string | undefined>>
  /** A parsed configuration file; later ones win. */
  readonly files: readonly SettingsTree[]
}

/** Flags win over `STILLPOINT__…`, that over `QDRANT__…`, that over the files. @throws StartupError naming the setting */
export function resolveConfiguration(sources: ConfigurationSources): Configuration {
  const settings = [
    ...sources.files,
    environmentTree(sources.environment, 'QDRANT'),
    environmentTree(sources.environment, 'STILLPOINT'),
    sources.flags,
  ].reduce(mergeTrees, {})
  return {
    service: serviceOf(settings),
    storage: storageOf(settings),
    logLevel: logLevelOf(settings),
    settings,
  }
}

function serviceOf(settings: SettingsTree): Configuration['service'] {
  const isGrpcPortChosen = valueAt(settings, 'service.grpc_port') !== undefined
  const maxRequestMebibytes = read(settings, 'service.max_request_size_mb', wholeNumber(1, 1024)) ?? 32
  return {
    host:
      read(
        settings,
        'service.host',
        text.refine((host) => host !== ''),
      ) ?? '127.0.0.1',
    httpPort: read(settings, 'service.http_port', port) ?? 6333,
    grpcPort: isGrpcPortChosen ? read(settings, 'service.grpc_port', port) : 6334,
    isGrpcPortChosen,
    milvusPort: read(settings, 'service.milvus_port', port),
    maxRequestBytes: maxRequestMebibytes * 1024 * 1024,
    apiKey: read(settings, 'service.api_key', text) || undefined,
    alternativeApiKey: read(settings, 'service.alt_api_key', text) || undefined,
    readOnlyApiKey: read(settings, 'service.read_only_api_key', text) || undefined,
    tokens: read(settings, 'service.jwt_rbac', flag) ?? false,
    enableCors: read(settings, 'service.enable_cors', flag) ?? true,
    enableSnapshotUrlRecovery: read(settings, 'service.enable_snapshot_url_recovery', flag) ?? true,
    snapshotUrlPrivate: read(settings, 'service.snapshot_url_private', flag) ?? true,
  }
}

function storageOf(settings: SettingsTree): Configuration['storage'] {
  const path = text.refine((value) => value !== '')
  const tempPath = read(settings, 'storage.temp_path', path)
  return {
    storagePath: resolve(read(settings, 'storage.storage_path', path) ?? './storage'),
    snapshotsPath: resolve(read(settings, 'storage.snapshots_path', path) ?? './snapshots'),
    tempPath: tempPath === undefined ? undefined : resolve(tempPath),
    archives: read(settings, 'storage.snapshots_config.archives', z.enum(['files', 'virtual'])) ?? 'files',
  }
}

function logLevelOf(settings: SettingsTree): Configuration['logLevel'] {
  // Qdrant's levels are accepted; ours are three, so its finer ones fall into the nearest.
  const level = read(
    settings,
    'log_level',
    z
      .string()
      .toLowerCase()
      .pipe(z.enum(['off', 'error', 'warn', 'info', 'debug', 'trace'])),
  )
  if (level === 'off' || level === 'error' || level === 'warn') return 'error'
  return level === 'debug' || level === 'trace' ? 'debug' : 'info'
}

const text = z
  .union([z.string(), z.number().transform(String), z.boolean().transform(String)])
  .pipe(z.string())
const flag = z.boolean()
const port = wholeNumber(0, 65535)

function wholeNumber(min: number, max: number): z.ZodType<number> {
  return z.number().int().min(min).max(max)
}

const expectations: Readonly<Record<string, string>> = {
  'service.http_port': 'a port from 0 to 65535',
  'service.grpc_port': 'a port from 0 to 65535',
  'service.milvus_port': 'a port from 0 to 65535',
  'service.max_request_size_mb': 'a whole number from 1 to 1024',
  'service.enable_cors': 'true or false',
  'service.jwt_rbac': 'true or false',
  'service.enable_snapshot_url_recovery': 'true or false',
  'service.snapshot_url_private': 'true or false',
  'storage.snapshots_config.archives': "'files' or 'virtual'",
  log_level: 'ERROR, INFO or DEBUG',
}

/** The setting under `path`, undefined if nobody gave it (null in a file means not given). */
function read<T>(settings: SettingsTree, path: string, schema: z.ZodType<T>): T | undefined {
  const value = valueAt(settings, path)
  if (value === undefined || value === null) return undefined
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const wanted = expectations[path] ?? 'a text that is not empty'
  throw new StartupError(
    exitCodes.usage,
    `Cannot use the setting ${path}: it is ${JSON.stringify(value)}, expected ${wanted}`,
  )
}
