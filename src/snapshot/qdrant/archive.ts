import { invalidArchive, invalidEntry } from '../archive/archive-error.ts'
import type { JsonField } from '../json-field.ts'
import { readCollectionConfig, readShardKeys, type CollectionConfigFile } from './collection-config.ts'
import { parseEntryJson } from './json-entry.ts'
import { ClaimBudget, type QdrantLimits } from './limits.ts'
import { entriesByShard, readShard, type ShardEntries } from './shard.ts'
import { indexTar, type TarIndex } from './tar/tar-index.ts'
import type { ShardKey } from './shard-key-names.ts'
import type { EntryBytes, QdrantArchive, QdrantCollection } from './types.ts'
import { unprovedOf } from './unproved.ts'
import { collectionVersion, readVersion } from './version-info.ts'

interface Opening {
  readonly tar: TarIndex
  /** Before the names of entries, in messages. */
  readonly prefix: string
  readonly budget: ClaimBudget
}

/**
 * Opens an archive that Qdrant wrote: of a collection, of one shard (stored or streamed), or of the whole storage.
 * Reads the headers, the configuration and all ids; vectors and payloads are read, and checked, when they are asked for.
 * The write-ahead logs in it are given as they are.
 * @throws archive-invalid, version-unsupported
 */
export async function openQdrantArchive(
  source: EntryBytes,
  limits: QdrantLimits = {},
): Promise<QdrantArchive> {
  const budget = new ClaimBudget(source.bytes, limits)
  const tar = await indexTar(source, { prefix: '', budget, mayEndBare: false })
  const opening = { tar, prefix: '', budget }
  const config = tar.files.get('config.json')
  if (config === undefined) return shardArchive(opening)
  const document = await parseEntryJson(config)
  if (!document.member('collections_mapping').isAbsent) return fullArchive(opening, document)
  const collections = [await readCollection(opening, config, undefined)]
  return { kind: 'collection', collections, aliases: {}, unproved: unprovedOf(collections) }
}

async function shardArchive(opening: Opening): Promise<QdrantArchive> {
  if (!opening.tar.files.has('shard_config.json'))
    throw invalidArchive('it holds neither config.json nor shard_config.json: Qdrant writes one of them')
  const context = { budget: opening.budget, vectors: undefined }
  const shard = await readShard(opening.tar, { index: 0, key: undefined, shown: '' }, context)
  const collections = [{ name: undefined, config: undefined, payloadIndexes: {}, shards: [shard] }]
  return { kind: 'shard', collections, aliases: {}, unproved: unprovedOf(collections) }
}

async function fullArchive({ tar, budget }: Opening, document: JsonField): Promise<QdrantArchive> {
  const collections: QdrantCollection[] = []
  const named = new Set<string>()
  for (const [name, field] of document.member('collections_mapping').members()) {
    const file = tar.files.get(field.text())
    if (file === undefined)
      throw field.fail(`is ${JSON.stringify(field.text())}, which is not in the archive`)
    if (named.has(file.name)) throw field.fail('names the archive of another collection')
    named.add(file.name)
    const prefix = `${file.name}/`
    const inner = await indexTar(file, { prefix, budget, mayEndBare: false })
    const config = inner.files.get('config.json')
    if (config === undefined) throw invalidEntry(`${prefix}config.json`, 'it is missing')
    collections.push(await readCollection({ tar: inner, prefix, budget }, config, name))
  }
  const names = new Set(collections.map(({ name }) => name))
  const mapping = document.member('collections_aliases')
  const aliases = mapping.isAbsent ? {} : mapping.record((field) => field.text())
  for (const [alias, name] of Object.entries(aliases)) {
    if (!names.has(name))
      throw mapping.fail(
        `lead ${JSON.stringify(alias)} to ${JSON.stringify(name)}, which is not in the archive`,
      )
  }
  return { kind: 'full', collections, aliases, unproved: unprovedOf(collections) }
}

async function readCollection(
  { tar, prefix, budget }: Opening,
  configEntry: EntryBytes,
  name: string | undefined,
): Promise<QdrantCollection> {
  const version = tar.files.get('version.info')
  if (version !== undefined) await readVersion(version, collectionVersion)
  const config = await readCollectionConfig(configEntry)
  const indexes = tar.files.get('payload_index.json')
  const payloadIndexes =
    indexes === undefined ? {} : (await parseEntryJson(indexes)).member('schema').object()
  const context = { budget, vectors: config.vectors }
  const mapping = tar.files.get('shard_key_mapping.json')
  const keys = await readShardKeys(mapping)
  if (mapping !== undefined && keys.size > 0 && !config.hasShardKeys)
    throw invalidEntry(mapping.name, 'it has keys, and the configuration says nothing of custom sharding')
  const entries = entriesByShard(tar)
  const shards = []
  for (const index of shardNumbers(entries, prefix, config, keys)) {
    const place = { index, key: keys.get(index), shown: `${prefix}${index}/` }
    shards.push(await readShard(entries.get(index)!, place, context))
  }
  return {
    name,
    config: config.document,
    payloadIndexes: payloadIndexes as QdrantCollection['payloadIndexes'],
    shards,
  }
}

/** Those that the configuration asks for: each must be there, and no other. */
function shardNumbers(
  found: ReadonlyMap<number, ShardEntries>,
  prefix: string,
  config: CollectionConfigFile,
  keys: ReadonlyMap<number, ShardKey>,
): readonly number[] {
  const wanted = config.hasShardKeys
    ? [...keys.keys()].sort((a, b) => a - b)
    : Array.from({ length: config.shardNumber }, (_, index) => index)
  for (const index of wanted) {
    if (!found.has(index)) throw invalidEntry(`${prefix}${index}`, 'this shard of the collection is missing')
  }
  const isWanted = new Set(wanted)
  for (const index of found.keys()) {
    if (!isWanted.has(index)) throw invalidEntry(`${prefix}${index}`, 'the collection has no such shard')
  }
  return wanted
}
