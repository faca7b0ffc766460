import { gnuTar, type GnuMember } from './gnu-tar.ts'
import { Float, writeLogFile } from './wal-writer.ts'

// Archives of Qdrant whose points stand in write-ahead logs alone: the server that they are for makes segments of them.

export interface WalShard {
  /** Its folder. Default: its place in the list. */
  readonly index?: number
  /** Under custom sharding; shards that stand side by side may be of one key. */
  readonly key?: string | number
  readonly entries: readonly unknown[]
}

export interface WalArchive {
  /** `params.vectors`. Default: the unnamed one, 4 dimensions, Dot. */
  readonly vectors?: unknown
  /** Replaces members of `params`. */
  readonly params?: Readonly<Record<string, unknown>>
  /** Replaces members of config.json. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly indexes?: Readonly<Record<string, unknown>>
  readonly shards: readonly WalShard[]
  /** Replaces or adds files; undefined removes one. */
  readonly files?: Readonly<Record<string, Uint8Array | string | undefined>>
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

export function configOf({ vectors, params, config, shards }: WalArchive): object {
  return {
    params: {
      vectors: vectors ?? { size: 4, distance: 'Dot' },
      shard_number: shards.length,
      replication_factor: 1,
      write_consistency_factor: 1,
      on_disk_payload: true,
      ...params,
    },
    hnsw_config: {
      m: 16,
      ef_construct: 100,
      full_scan_threshold: 10_000,
      max_indexing_threads: 0,
      on_disk: false,
    },
    optimizer_config: { default_segment_number: 0, flush_interval_sec: 5 },
    wal_config: { wal_capacity_mb: 32, wal_segments_ahead: 0 },
    ...config,
  }
}

function shardMembers(prefix: string, entries: readonly unknown[]): GnuMember[] {
  return [
    { name: `${prefix}segments/` },
    { name: `${prefix}wal/` },
    { name: `${prefix}wal/open-1`, body: writeLogFile(entries) },
    { name: `${prefix}shard_config.json`, body: json({ type: 'ReplicaSet' }) },
    {
      name: `${prefix}replica_state.json`,
      body: json({ is_local: true, this_peer_id: 1, peers: { 1: 'Active' } }),
    },
  ]
}

export function walArchive(archive: WalArchive): Buffer {
  const { shards, indexes = {}, files = {} } = archive
  const keys: { readonly key: string | number; readonly shard_ids: number[] }[] = []
  for (const [place, { key, index = place }] of shards.entries()) {
    if (key === undefined) continue
    if (keys.at(-1)?.key === key) keys.at(-1)!.shard_ids.push(index)
    else keys.push({ key, shard_ids: [index] })
  }
  const members: GnuMember[] = [
    ...shards.flatMap(({ entries, index }, place) => shardMembers(`${index ?? place}/`, entries)),
    { name: 'version.info', body: Buffer.from('0.4.2') },
    { name: 'config.json', body: json(configOf(archive)) },
    { name: 'shard_key_mapping.json', body: json(keys) },
    { name: 'payload_index.json', body: json({ schema: indexes }) },
  ]
  const replaced = members.filter(({ name }) => !Object.hasOwn(files, name))
  const added = Object.entries(files).flatMap(([name, body]) =>
    body === undefined ? [] : [{ name, body: Buffer.from(body) }],
  )
  return gnuTar([...replaced, ...added])
}

/** Of one shard, as it is stored. */
export function walShardArchive(entries: readonly unknown[]): Buffer {
  return gnuTar(shardMembers('', entries))
}

/** Of the whole storage. */
export function fullWalArchive(
  collections: Readonly<Record<string, WalArchive>>,
  aliases: Readonly<Record<string, string>>,
): Buffer {
  const names = Object.keys(collections)
  return gnuTar([
    ...names.map((name) => ({ name: `${name}-1.snapshot`, body: walArchive(collections[name]!) })),
    {
      name: 'config.json',
      body: json({
        collections_mapping: Object.fromEntries(names.map((name) => [name, `${name}-1.snapshot`])),
        collections_aliases: aliases,
      }),
    },
  ])
}

/** An entry that upserts points with an unnamed vector, whose four components are the id. */
export function upsertOf(
  ids: readonly number[],
  payload: (id: number) => unknown = (id) => ({ id }),
): object {
  return {
    upsert_points: {
      points: ids.map((id) => ({
        id,
        vector: Array.from({ length: 4 }, () => new Float(id)),
        payload: payload(id),
      })),
    },
  }
}
