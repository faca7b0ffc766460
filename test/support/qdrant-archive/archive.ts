import { gnuTar, type GnuMember } from './gnu-tar.ts'
import type { Files } from './id-trackers.ts'
import { denseParams, segmentFiles, type TestSegment } from './segment.ts'
import { within, type VectorForm } from './vector-files.ts'

export interface TestShard {
  readonly segments: readonly TestSegment[]
  /** Of its segments. Default: nested tars. */
  readonly form?: 'nested' | 'files' | 'folder'
  /** By name below `wal/`. Default: an empty log that goes on at 100. */
  readonly wal?: Files
  readonly index?: number
  readonly key?: string | number
}

export interface TestCollection {
  readonly vectors: Readonly<Record<string, VectorForm>>
  readonly shards: readonly TestShard[]
  readonly payloadIndexes?: object
  /** Changes the files of the archive, for better or worse. */
  readonly edit?: (files: Files) => void
}

export const segmentName = (index: number): string =>
  `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`

/** An archive of a collection as Qdrant 1.19 writes it. */
export function collectionArchive(collection: TestCollection): Buffer {
  return tarOf(collectionFiles(collection))
}

/** What `POST …/shards/N/snapshots` stores, or with the form `files` what `GET …/shards/N/snapshot` streams. */
export function shardArchive(shard: TestShard): Buffer {
  return tarOf(shardFiles(shard))
}

/** Of the whole storage, with collections by name. */
export function fullArchive(
  collections: Readonly<Record<string, TestCollection>>,
  aliases: Readonly<Record<string, string>> = {},
): Buffer {
  const files: Files = new Map()
  const mapping: Record<string, string> = {}
  for (const [name, collection] of Object.entries(collections)) {
    mapping[name] = `${name}-2026.snapshot`
    files.set(mapping[name], collectionArchive(collection))
  }
  files.set('config.json', json({ collections_mapping: mapping, collections_aliases: aliases }))
  return tarOf(files)
}

export function collectionFiles({ vectors, shards, payloadIndexes = {}, edit }: TestCollection): Files {
  const files: Files = new Map()
  const keys = new Map<string | number, number[]>()
  shards.forEach((shard, place) => {
    const index = shard.index ?? place
    for (const [path, body] of within(String(index), shardFiles(shard))) files.set(path, body)
    if (shard.key !== undefined) keys.set(shard.key, [...(keys.get(shard.key) ?? []), index])
  })
  const hasKeys = keys.size > 0
  const sparse = Object.entries(vectors).filter(([, { kind }]) => kind === 'sparse')
  const dense = Object.entries(vectors).filter(([, { kind }]) => kind !== 'sparse')
  const named = Object.fromEntries(dense.map(([name, form]) => [name, denseParams(form)]))
  const params = {
    vectors: '' in named ? named[''] : named,
    ...(sparse.length > 0 ? { sparse_vectors: Object.fromEntries(sparse.map(([name]) => [name, {}])) } : {}),
    shard_number: hasKeys ? 1 : shards.length,
    ...(hasKeys ? { sharding_method: 'custom' } : {}),
  }
  files.set('version.info', Buffer.from('0.4.2'))
  files.set('config.json', json({ params, wal_config: { wal_capacity_mb: 32, wal_segments_ahead: 0 } }))
  const mapping = [...keys].map(([key, ids]) => ({ key, shard_ids: ids }))
  files.set('shard_key_mapping.json', json(mapping))
  files.set('payload_index.json', json({ schema: payloadIndexes }))
  edit?.(files)
  return files
}

const emptyWal = Buffer.concat([Buffer.from('wal\0'), Buffer.alloc(12)])

function shardFiles({
  segments,
  form = 'nested',
  wal = new Map([['closed-100', emptyWal]]),
}: TestShard): Files {
  const files: Files = new Map([['segments/', Buffer.alloc(0)]])
  segments.forEach((segment, index) => {
    const name = `segments/${segmentName(index)}`
    const content = segmentFiles(segment)
    if (form === 'nested') {
      const nested = tarOf(within('snapshot/files', content), { hasEnd: false })
      files.set(`${name}.tar`, nested)
    } else {
      const folder = form === 'files' ? `${name}/files` : name
      for (const [path, body] of within(folder, content)) files.set(path, body)
    }
  })
  for (const [path, body] of within('wal', wal)) files.set(path, body)
  files.set('shard_config.json', json({ type: 'ReplicaSet' }))
  files.set('replica_state.json', json({ is_local: true, this_peer_id: 1, peers: { '1': 'Active' } }))
  return files
}

/** Folders end with a slash; files with zeros in them are sparse. */
export function tarOf(files: Files, options: { hasEnd?: boolean } = {}): Buffer {
  const members = [...files].map(([name, body]): GnuMember => {
    if (name.endsWith('/')) return { name }
    return { name, body, isSparse: hasZeroBlock(body) }
  })
  return gnuTar(members, options)
}

function hasZeroBlock(body: Buffer): boolean {
  for (let at = 0; at < body.length; at += 512) {
    if (body.subarray(at, at + 512).every((byte) => byte === 0)) return true
  }
  return false
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
