// Every setting that is known, and what it does here. docs/configuration.md is made of this list.

export interface KnownSetting {
  /** The path in a file; `.*` at its end: whatever is below. */
  readonly key: string
  readonly byDefault: string
  readonly effect: string
  /** A setting of Stillpoint's own. */
  readonly isOurs?: boolean
}

const none = 'Accepted, no effect: '
const collectionDefault = 'Default of new collections; kept, shown and carried by snapshots.'
const oneNode = `${none}this is a single node.`

export const knownSettings: readonly KnownSetting[] = [
  {
    key: 'log_level',
    byDefault: 'INFO',
    effect: 'ERROR, INFO or DEBUG. OFF and WARN count as ERROR, TRACE as DEBUG.',
  },
  { key: 'logger.*', byDefault: '–', effect: `${none}the log is JSON lines on stderr.` },
  {
    key: 'telemetry_disabled',
    byDefault: '–',
    effect: `${none}nothing is ever sent to anybody.`,
  },

  {
    key: 'service.host',
    byDefault: '127.0.0.1',
    effect: "Address to listen on, for all doors. Qdrant's default is 0.0.0.0.",
  },
  { key: 'service.http_port', byDefault: '6333', effect: 'Port of all REST APIs. 0: the system chooses.' },
  {
    key: 'service.grpc_port',
    byDefault: '6334',
    effect: "Port of Qdrant's gRPC API. null: it stays closed.",
  },
  {
    key: 'service.max_request_size_mb',
    byDefault: '32',
    effect: 'Largest JSON body, 1 to 1024. Uploads have no limit.',
  },
  { key: 'service.max_workers', byDefault: '–', effect: `${none}requests share one event loop.` },
  { key: 'service.enable_cors', byDefault: 'true', effect: 'Pages of other origins may call the REST API.' },
  {
    key: 'service.enable_tls',
    byDefault: 'false',
    effect:
      'REST and gRPC are served over TLS (1.2 and later) with the certificate of `tls.*`, and not without.',
  },
  {
    key: 'service.verify_https_client_certificate',
    byDefault: 'false',
    effect: 'Clients of REST and gRPC must show a certificate that `tls.ca_cert` has signed.',
  },
  { key: 'service.api_key', byDefault: '–', effect: 'The key that opens everything. Empty: none.' },
  {
    key: 'service.alt_api_key',
    byDefault: '–',
    effect: 'A second key that opens everything, so that keys can be changed one after the other.',
  },
  { key: 'service.read_only_api_key', byDefault: '–', effect: 'A key that opens what changes nothing.' },
  {
    key: 'service.jwt_rbac',
    byDefault: 'false',
    effect: 'JSON web tokens (HS256, signed with `api_key` or `alt_api_key`) are taken in place of keys.',
  },
  {
    key: 'service.enable_snapshot_url_recovery',
    byDefault: 'true',
    effect: 'Snapshots may be restored from http and https URLs.',
  },
  { key: 'service.hardware_reporting', byDefault: '–', effect: `${none}usage is not reported.` },
  {
    key: 'service.metrics_prefix',
    byDefault: '–',
    effect: `${none}metrics have the names of the documentation.`,
  },
  { key: 'service.slow_query_secs', byDefault: '–', effect: `${none}no query is reported as slow.` },
  { key: 'service.enable_static_content', byDefault: '–', effect: `${none}there are no static pages.` },
  { key: 'service.static_content_dir', byDefault: '–', effect: `${none}there are no static pages.` },
  { key: 'service.grpc_timeout_ms', byDefault: '–', effect: `${none}calls end when their work does.` },

  {
    key: 'tls.cert',
    byDefault: './tls/cert.pem',
    effect: 'PEM file with the certificate and its chain. Read only if TLS is enabled.',
  },
  {
    key: 'tls.key',
    byDefault: './tls/key.pem',
    effect: 'PEM file with its private key, without a passphrase.',
  },
  {
    key: 'tls.ca_cert',
    byDefault: '–',
    effect:
      'PEM file of authorities: who signs certificates of clients; downloads over https trust them, too.',
  },
  {
    key: 'tls.cert_ttl',
    byDefault: '3600',
    effect:
      'Seconds after which the files are read again, and new ones used without a restart. null or 0: never.',
  },

  { key: 'storage.storage_path', byDefault: './storage', effect: 'Folder of the database.' },
  { key: 'storage.snapshots_path', byDefault: './snapshots', effect: 'Folder of the `.snapshot` files.' },
  {
    key: 'storage.temp_path',
    byDefault: '–',
    effect: `${none}archives are streamed into the store, there is no temporary copy.`,
  },
  {
    key: 'storage.snapshots_config.snapshots_storage',
    byDefault: 'local',
    effect: '`local`. `s3` is refused at the start: it is not built.',
  },
  {
    key: 'storage.snapshots_config.s3_config.*',
    byDefault: '–',
    effect: `${none}see \`snapshots_storage\`.`,
  },
  { key: 'storage.on_disk_payload', byDefault: 'true', effect: collectionDefault },
  { key: 'storage.wal.*', byDefault: "Qdrant's", effect: collectionDefault },
  { key: 'storage.optimizers.*', byDefault: "Qdrant's", effect: collectionDefault },
  { key: 'storage.hnsw_index.*', byDefault: "Qdrant's", effect: collectionDefault },
  {
    key: 'storage.optimizers_overwrite.*',
    byDefault: '–',
    effect: `${none}collections keep the settings that they show.`,
  },
  {
    key: 'storage.collection.*',
    byDefault: '–',
    effect: `${none}give replication, shards, quantization and strict mode with the collection.`,
  },
  {
    key: 'storage.performance.max_search_threads',
    byDefault: '0',
    effect:
      'Threads that search vectors, among them the one that answers requests: it does what is short, if requests leave it the time. What is long is left to the others, at least to one. 0: as many as there are cores.',
  },
  { key: 'storage.performance.*', byDefault: '–', effect: `${none}the engine schedules its own work.` },
  { key: 'storage.update_concurrency', byDefault: '–', effect: `${none}writes are in one order.` },
  {
    key: 'storage.node_type',
    byDefault: 'Normal',
    effect: `${none}a snapshot never holds a write-ahead log.`,
  },
  {
    key: 'storage.recovery_mode',
    byDefault: '–',
    effect: `${none}opening a collection needs no more memory than using it.`,
  },
  {
    key: 'storage.handle_collection_load_errors',
    byDefault: '–',
    effect: `${none}a store that is damaged says so and does not open in part.`,
  },
  { key: 'storage.shard_transfer_method', byDefault: '–', effect: oneNode },
  { key: 'storage.max_collections', byDefault: '–', effect: `${none}there is no limit.` },
  { key: 'storage.mmap_advice', byDefault: '–', effect: `${none}files are not mapped.` },

  {
    key: 'cluster.enabled',
    byDefault: 'false',
    effect: 'The node is a cluster of itself: shard keys can be made and dropped.',
  },
  { key: 'cluster.p2p.port', byDefault: '6335', effect: 'Shown by `/cluster`. Nothing listens there.' },
  { key: 'cluster.*', byDefault: '–', effect: oneNode },
  { key: 'inference.*', byDefault: '–', effect: `${none}vectors come from clients.` },
  { key: 'gpu.*', byDefault: '–', effect: `${none}a GPU is not used.` },
  { key: 'feature_flags.*', byDefault: '–', effect: `${none}the flags are of Qdrant's storage.` },
  { key: 'audit.*', byDefault: '–', effect: `${none}there is no audit log.` },
  { key: 'debugger.*', byDefault: '–', effect: `${none}there is no profiler to connect to.` },

  {
    key: 'service.milvus_port',
    byDefault: '19530',
    effect: "Port of Milvus' gRPC API. null: it stays closed.",
    isOurs: true,
  },
  {
    key: 'service.milvus_authorization',
    byDefault: 'true if a key is set, else false',
    effect:
      "Milvus' APIs ask who calls: a user with his password, or a key. Without keys there is the user `root` with the password `Milvus` until it is changed. The other APIs go by the keys alone.",
    isOurs: true,
  },
  {
    key: 'service.snapshot_url_private',
    byDefault: 'true',
    effect:
      'Downloads may go to loopback and private addresses. Link-local and metadata addresses are refused whatever it says.',
    isOurs: true,
  },
  {
    key: 'service.snapshot_url_allow',
    byDefault: '–',
    effect:
      'A list (or a text with commas) of the only hosts that downloads may go to: names, `*.example.org`, addresses, networks such as `10.1.0.0/16`. It stands above `snapshot_url_private`.',
    isOurs: true,
  },
  {
    key: 'service.snapshot_url_max_mb',
    byDefault: '1048576',
    effect: 'Largest download, in MiB (default: one TiB).',
    isOurs: true,
  },
  {
    key: 'storage.snapshots_config.archives',
    byDefault: 'files',
    effect: '`files`: a snapshot is also a file. `virtual`: its archive is made whenever it is read.',
    isOurs: true,
  },
]
