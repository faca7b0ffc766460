import type { JsonObject } from '../../encoding/json.ts'
import { invalidEntry } from '../archive/archive-error.ts'
import type { JsonField } from '../json-field.ts'
import { parseEntryJson } from './json-entry.ts'
import type { ShardKey } from './shard-key-names.ts'
import type { EntryBytes } from './types.ts'
import { isNone, readDenseLayout, sparseLayout, vectorText, type VectorLayout } from './vector-layout.ts'

export interface CollectionConfigFile {
  /** As it stands. */
  readonly document: JsonObject
  readonly vectors: ReadonlyMap<string, VectorLayout>
  /** Of each key, where the collection has shard keys. */
  readonly shardNumber: number
  readonly hasShardKeys: boolean
}

/** `config.json` of a collection. @throws archive-invalid */
export async function readCollectionConfig(entry: EntryBytes): Promise<CollectionConfigFile> {
  const document = await parseEntryJson(entry)
  const params = document.member('params')
  const method = params.member('sharding_method')
  const shardNumber = params.member('shard_number')
  return {
    document: document.object() as JsonObject,
    vectors: readLayouts(entry, params),
    shardNumber: isNone(shardNumber) ? 1 : shardNumber.count(1, 100_000),
    hasShardKeys: !isNone(method) && method.oneOf(['auto', 'custom']) === 'custom',
  }
}

function readLayouts(entry: EntryBytes, params: JsonField): Map<string, VectorLayout> {
  const layouts = new Map<string, VectorLayout>()
  const dense = params.member('vectors')
  if (!isNone(dense)) {
    const isUnnamed = typeof dense.object().size === 'number'
    const named = isUnnamed ? [['', dense] as const] : dense.members()
    for (const [name, field] of named) layouts.set(name, readDenseLayout(field))
  }
  const sparse = params.member('sparse_vectors')
  if (isNone(sparse)) return layouts
  for (const [name] of sparse.members()) {
    if (layouts.has(name))
      throw invalidEntry(entry.name, `${vectorText(name)} is there twice, dense and sparse`)
    layouts.set(name, sparseLayout)
  }
  return layouts
}

/** The key of each shard; empty for collections without keys. @throws archive-invalid */
export async function readShardKeys(entry: EntryBytes | undefined): Promise<ReadonlyMap<number, ShardKey>> {
  const keys = new Map<number, ShardKey>()
  if (entry === undefined) return keys
  const seen = new Set<ShardKey>()
  const document = await parseEntryJson(entry)
  document.array((field) => {
    const member = field.member('key')
    const key = keyOf(member, field.object().key)
    if (seen.has(key)) throw member.fail('is there twice')
    seen.add(key)
    const shards = field.member('shard_ids').array((id) => {
      if (keys.has(id.count())) throw id.fail('belongs to two keys')
      return keys.set(id.count(), key)
    })
    if (shards.length === 0) throw field.member('shard_ids').fail('is empty')
  })
  return keys
}

function keyOf(field: JsonField, value: unknown): ShardKey {
  if (typeof value === 'string') return value
  return typeof value === 'bigint' && value >= 0n && value < 1n << 64n ? value : field.count()
}
