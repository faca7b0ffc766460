import { resolve } from 'node:path'
import { levelsByName } from '../../runtime/logger.ts'
import { exitCodes, StartupError } from '../startup-error.ts'
import type { TlsSettings } from '../tls/certificate-files.ts'
import { environmentTree, mergeTrees, valueAt, type SettingsTree } from './settings-tree.ts'
import { unknownSettings, type UnknownSetting } from './unknown-settings.ts'
import { flag, oneOf, path, port, read, secret, whole, words, type ValueKind } from './values.ts'

export interface Configuration {
  readonly service: {
    readonly host: string
    /** 0 lets the system choose. */
    readonly httpPort: number
    /** Undefined if it is to stay closed. */
    readonly grpcPort: number | undefined
    /** False if `grpcPort` is the default: then it stays closed where somebody else has it. */
    readonly isGrpcPortChosen: boolean
    /** Undefined if it is to stay closed. */
    readonly milvusPort: number | undefined
    /** As `isGrpcPortChosen`. */
    readonly isMilvusPortChosen: boolean
    readonly maxRequestBytes: number
    readonly apiKey: string | undefined
    readonly alternativeApiKey: string | undefined
    readonly readOnlyApiKey: string | undefined
    /** JSON web tokens are taken in place of keys. */
    readonly tokens: boolean
    /** Callers of Milvus' APIs have to say who they are; undefined: if there is a key. */
    readonly milvusAuthorization: boolean | undefined
    readonly enableCors: boolean
    readonly enableSnapshotUrlRecovery: boolean
    /** False refuses downloads from loopback and private networks; link-local addresses are always refused. */
    readonly snapshotUrlPrivate: boolean
    /** The only hosts that downloads may go to; undefined: any. */
    readonly snapshotUrlAllow: readonly string[] | undefined
    readonly snapshotUrlBytesMax: number
  }
  /** Undefined unless TLS is enabled. */
  readonly tls: TlsSettings | undefined
  readonly storage: {
    readonly storagePath: string
    readonly snapshotsPath: string
    /** Accepted for Qdrant's sake: archives are streamed into the store and need no temporary copy. */
    readonly tempPath: string | undefined
    /** 'files' keeps each archive under `snapshotsPath`; 'virtual' produces it whenever it is read. */
    readonly archives: 'files' | 'virtual'
    /** Undefined: as many as the engine thinks best. */
    readonly searchThreads: number | undefined
  }
  readonly logLevel: 'error' | 'info' | 'debug'
  /** Everything that was given, for what a front door itself understands (defaults of new collections). */
  readonly settings: SettingsTree
  /** What was given and means nothing, as Qdrant lets it pass. */
  readonly ignored: readonly UnknownSetting[]
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
  const own = environmentTree(sources.environment, 'STILLPOINT')
  refuseUnknown(own)
  const settings = [
    ...sources.files,
    environmentTree(sources.environment, 'QDRANT'),
    own,
    sources.flags,
  ].reduce(mergeTrees, {})
  return {
    service: serviceOf(settings),
    tls: tlsOf(settings),
    storage: storageOf(settings),
    logLevel: logLevelOf(settings),
    settings,
    ignored: unknownSettings(settings),
  }
}

/** Variables of our name can only be meant for us: a misspelt one would be a setting that somebody relies on. */
function refuseUnknown(own: SettingsTree): void {
  const [unknown] = unknownSettings(own)
  if (unknown === undefined) return
  const hint = unknown.nearest === undefined ? '' : `; did you mean ${unknown.nearest}?`
  const message = `Cannot use the setting ${unknown.key}: there is no such setting${hint}`
  throw new StartupError(exitCodes.usage, message)
}

function serviceOf(settings: SettingsTree): Configuration['service'] {
  const isGrpcPortChosen = valueAt(settings, 'service.grpc_port') !== undefined
  const isMilvusPortChosen = valueAt(settings, 'service.milvus_port') !== undefined
  const request = whole(1, 1024, 'a whole number from 1 to 1024')
  const download = whole(1, 2 ** 33, 'a whole number of MiB above 0')
  return {
    host: read(settings, 'service.host', path) ?? '127.0.0.1',
    httpPort: read(settings, 'service.http_port', port) ?? 6333,
    grpcPort: isGrpcPortChosen ? read(settings, 'service.grpc_port', port) : 6334,
    isGrpcPortChosen,
    milvusPort: isMilvusPortChosen ? read(settings, 'service.milvus_port', port) : 19_530,
    isMilvusPortChosen,
    maxRequestBytes: (read(settings, 'service.max_request_size_mb', request) ?? 32) * 2 ** 20,
    apiKey: read(settings, 'service.api_key', secret),
    alternativeApiKey: read(settings, 'service.alt_api_key', secret),
    readOnlyApiKey: read(settings, 'service.read_only_api_key', secret),
    tokens: read(settings, 'service.jwt_rbac', flag) ?? false,
    milvusAuthorization: read(settings, 'service.milvus_authorization', flag),
    enableCors: read(settings, 'service.enable_cors', flag) ?? true,
    enableSnapshotUrlRecovery: read(settings, 'service.enable_snapshot_url_recovery', flag) ?? true,
    snapshotUrlPrivate: read(settings, 'service.snapshot_url_private', flag) ?? true,
    snapshotUrlAllow: read(settings, 'service.snapshot_url_allow', words),
    snapshotUrlBytesMax: (read(settings, 'service.snapshot_url_max_mb', download) ?? 2 ** 20) * 2 ** 20,
  }
}

const certTtlSeconds = 3_600

function tlsOf(settings: SettingsTree): TlsSettings | undefined {
  const isEnabled = read(settings, 'service.enable_tls', flag) ?? false
  const verifiesClients = read(settings, 'service.verify_https_client_certificate', flag) ?? false
  const ttl = read(settings, 'tls.cert_ttl', whole(0, 2_000_000, 'a whole number of seconds below 2000000'))
  const isNeverRead = valueAt(settings, 'tls.cert_ttl') === null || ttl === 0
  const caCert = read(settings, 'tls.ca_cert', path)
  if (!isEnabled) return undefined
  return {
    cert: resolve(read(settings, 'tls.cert', path) ?? './tls/cert.pem'),
    key: resolve(read(settings, 'tls.key', path) ?? './tls/key.pem'),
    caCert: caCert === undefined ? undefined : resolve(caCert),
    certTtlMs: isNeverRead ? undefined : (ttl ?? certTtlSeconds) * 1_000,
    verifiesClients,
  }
}

function storageOf(settings: SettingsTree): Configuration['storage'] {
  refuseS3(settings)
  const tempPath = read(settings, 'storage.temp_path', path)
  const threads = whole(0, 1_024, 'a whole number from 0 to 1024')
  const searchThreads = read(settings, 'storage.performance.max_search_threads', threads) ?? 0
  return {
    storagePath: resolve(read(settings, 'storage.storage_path', path) ?? './storage'),
    snapshotsPath: resolve(read(settings, 'storage.snapshots_path', path) ?? './snapshots'),
    tempPath: tempPath === undefined ? undefined : resolve(tempPath),
    archives: read(settings, 'storage.snapshots_config.archives', oneOf('files', 'virtual')) ?? 'files',
    searchThreads: searchThreads === 0 ? undefined : searchThreads,
  }
}

/** Somebody who asked for a bucket would look for the snapshots there when the machine is gone. */
function refuseS3(settings: SettingsTree): void {
  const key = 'storage.snapshots_config.snapshots_storage'
  if (read(settings, key, oneOf('local', 's3')) !== 's3') return
  throw new StartupError(
    exitCodes.usage,
    `Cannot use the setting ${key}: 's3' is not built, expected 'local'`,
  )
}

const levels: ValueKind<Configuration['logLevel']> = {
  take: (given) => {
    const name = typeof given === 'string' ? given.toLowerCase() : ''
    const value = Object.hasOwn(levelsByName, name) ? levelsByName[name] : undefined
    return value === undefined ? undefined : { value }
  },
  expected: 'ERROR, INFO or DEBUG',
}

function logLevelOf(settings: SettingsTree): Configuration['logLevel'] {
  return read(settings, 'log_level', levels) ?? 'info'
}
