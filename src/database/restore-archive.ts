import { checkCollectionName } from '../collection/checks/check-config.ts'
import { defaultPartition, partitionOfShard, withPartitions } from '../collection/partitions.ts'
import type { CollectionConfig } from '../collection/types.ts'
import type { View } from '../collection/view.ts'
import type { JsonObject } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { checkMembers, type Members } from '../errors/known-members.ts'
import type { ManifestEntry, SnapshotScope } from '../manifest/format.ts'
import type { ArchiveBytes } from '../snapshot/archive/archive-bytes.ts'
import { ByteSource } from '../snapshot/archive/byte-source.ts'
import { FileBytes } from '../snapshot/archive/file-bytes.ts'
import { BaseArchives } from '../snapshot/archive/base/base-archives.ts'
import type { ArchiveSecret } from '../snapshot/archive/encryption/keys.ts'
import type { ArchiveCollection, ArchiveManifest } from '../snapshot/archive/format.ts'
import { checkConfigs, checkContent } from '../snapshot/archive/check-content.ts'
import { importArchive, type SegmentIds } from '../snapshot/archive/import-archive.ts'
import { isQdrantHeader } from '../snapshot/archive/tar/qdrant-archive.ts'
import { blockBytes } from '../snapshot/archive/tar/tar-format.ts'
import { collectionGone } from './apply/import.ts'
import { checkShard } from './shards/check-shard.ts'
import type { Engine } from './engine.ts'
import type { ShardTarget, StagedCollection } from './records.ts'
import {
  importQdrant,
  type QdrantImportOptions,
  type QdrantImportReport,
} from './imports/qdrant/import-qdrant.ts'
import { StoreFiles } from './imports/store-files.ts'
import {
  checkPlaces,
  checkTargets,
  otherContent,
  type ArchiveContent,
  type Targets,
} from './imports/targets.ts'
import { openStaged, Staging } from './staged.ts'

export interface ArchiveDescription {
  readonly snapshot: {
    readonly name: string
    readonly createdAt: number
    readonly scope: SnapshotScope
    /** With the scope `shard` only. */
    readonly shard?: number
  }
  /** True if it leaves files out that the reader should have already. */
  readonly isIncremental: boolean
  /** Ids of its segments. */
  readonly segments: readonly string[]
  readonly aliases: Readonly<Record<string, string>>
  readonly collections: readonly {
    readonly name: string
    readonly config: CollectionConfig
    readonly pointCount: number
  }[]
}

export interface RestoreStoreOptions {
  /** Replace collections and aliases of the same names. Default false: they are refused. */
  readonly replace?: boolean
  /** What the SHA-256 of the whole archive must be, in hex. */
  readonly sha256?: string
  /** For an encrypted archive; one that is not encrypted is refused then. */
  readonly decrypt?: ArchiveSecret
  /** Ed25519 public keys in PEM: an archive that none of them signed is refused before anything of it is used. */
  readonly trustedKeys?: readonly string[]
  /**
   * For an incremental archive: archives with the files that it leaves out and this store does not have. Encrypted ones
   * are opened with `decrypt`.
   */
  readonly bases?: readonly ArchiveBytes[]
  /** Called with what the archive says of itself before any collection is made of it; what it throws refuses the archive. */
  readonly check?: (description: ArchiveDescription) => void
  readonly signal?: AbortSignal
  /** Bytes of the archive that have been read so far. */
  readonly onProgress?: (progress: { readonly bytes: number }) => void
  /** Called, once it is done, with what became of an archive that Qdrant wrote. */
  readonly onImported?: (report: QdrantImportReport) => void
}

export interface RestoreArchiveOptions extends RestoreStoreOptions {
  /** Name of the collection that is made, or, with `replace`, replaced in place. */
  readonly into: string
  /** Gives the settings of a new collection from what the archive says. Default: those of the archive. */
  readonly settings?: (config: CollectionConfig) => JsonObject | undefined
  /** Name of a document that the same log record puts: the id of the new collection. Nothing is put if it fails. */
  readonly receipt?: string
}

export interface RestoreShardArchiveOptions extends Omit<RestoreStoreOptions, 'replace'> {
  /** Name of the collection. */
  readonly collection: string
  readonly shard: number
}

const inOptions = { cannot: 'Cannot restore the archive', of: 'the options' } as const
/** Of all that restore archives. */
export const ofAnyArchive: Members<Omit<RestoreStoreOptions, 'replace' | 'signal' | 'onProgress'>> = {
  sha256: true,
  decrypt: true,
  trustedKeys: true,
  bases: true,
  check: true,
  onImported: true,
}
const ofStream = { ...ofAnyArchive, signal: true, onProgress: true } as const
const ofStoreArchive: Members<RestoreStoreOptions> = { ...ofStream, replace: true }
const ofArchive: Members<RestoreArchiveOptions> = {
  ...ofStoreArchive,
  into: true,
  settings: true,
  receipt: true,
}
const ofShardArchive: Members<RestoreShardArchiveOptions> = { ...ofStream, collection: true, shard: true }

/** One collection's archive under the name `into`. */
export async function restoreArchive(
  engine: Engine,
  source: AsyncIterable<Uint8Array>,
  options: RestoreArchiveOptions,
): Promise<void> {
  checkMembers(options, ofArchive, inOptions)
  checkCollectionName(options.into)
  await restore(engine, source, options, (manifest) => {
    if (manifest.snapshot.scope !== 'collection' || manifest.collections.length !== 1)
      throw otherContent('a collection', manifest)
    return {
      names: new Map([[manifest.collections[0]!.id, options.into]]),
      aliases: {},
      settings: options.settings,
      receipt: options.receipt,
    }
  })
}

/** Every collection of a full archive under its own name, and the aliases. */
export async function restoreStoreArchive(
  engine: Engine,
  source: AsyncIterable<Uint8Array>,
  options: RestoreStoreOptions,
): Promise<void> {
  checkMembers(options, ofStoreArchive, inOptions)
  await restore(engine, source, options, (manifest) => {
    const { scope } = manifest.snapshot
    if (scope === 'collection' || scope === 'shard') throw otherContent('the store', manifest)
    for (const { name } of manifest.collections) checkCollectionName(name)
    checkAliases(engine, manifest, options.replace ?? false)
    return {
      names: new Map(manifest.collections.map(({ id, name }) => [id, name])),
      aliases: manifest.aliases,
    }
  })
}

/** The archive of one shard in the place of a shard; whatever else the collection holds stays. */
export async function restoreShardArchive(
  engine: Engine,
  source: AsyncIterable<Uint8Array>,
  shardOptions: RestoreShardArchiveOptions,
): Promise<void> {
  checkMembers(shardOptions, ofShardArchive, inOptions)
  const { collection, shard, ...options } = shardOptions
  const { catalog } = engine.parts
  const config = catalog.collectionNamed(collection)?.config
  await restore(
    engine,
    source,
    { ...options, replace: true, ...(config === undefined ? {} : { config, shard }) },
    (manifest) => {
      if (manifest.snapshot.scope !== 'shard') throw otherContent('a shard', manifest)
      const state = catalog.collectionNamed(collection)
      if (state === undefined) throw collectionGone(collection)
      checkShard(state, shard)
      return {
        names: new Map([[manifest.collections[0]!.id, collection]]),
        aliases: {},
        shard: { source: manifest.snapshot.shard!, target: shard, of: state.config.shardNumber },
      }
    },
  )
}

/**
 * Stage (every byte checked on its way into the store), open (read back, checked again), count, and only then one
 * record that makes it known: the commit point. Whatever fails before leaves the database as it was.
 */
async function restore(
  engine: Engine,
  source: AsyncIterable<Uint8Array>,
  options: QdrantImportOptions,
  plan: (content: ArchiveContent) => Targets,
): Promise<void> {
  engine.checkOpen()
  // Who wrote it shows in its first bytes. What follows reports what it has read.
  const bytes = new ByteSource(source, { signal: options.signal })
  try {
    const isQdrant = isQdrantHeader(await bytes.peek(blockBytes))
    const placed = isQdrant && source instanceof FileBytes ? await source.open() : undefined
    if (isQdrant) await importQdrant(engine, placed ?? bytes, options, plan)
    else await restoreOwn(engine, bytes, options, plan)
  } finally {
    await bytes.close()
  }
}

async function restoreOwn(
  engine: Engine,
  source: AsyncIterable<Uint8Array>,
  options: RestoreStoreOptions,
  plan: (content: ArchiveContent) => Targets,
): Promise<void> {
  const { store, random, verified } = engine.parts
  const storeFiles = new StoreFiles(engine)
  let staging: Staging | undefined
  let segmentIds: SegmentIds = new Map()
  let targets: Targets | undefined
  const prepared = new Map<string, View>()
  try {
    const { manifest } = await importArchive({
      source,
      store,
      verified,
      sha256: options.sha256,
      decrypt: options.decrypt,
      trustedKeys: options.trustedKeys,
      finders: [
        storeFiles,
        new BaseArchives(options.bases ?? [], { decrypt: options.decrypt, signal: options.signal }),
      ],
      signal: options.signal,
      onProgress: options.onProgress,
      accept: (read) => {
        checkConfigs(read)
        targets = plan(read)
        checkTargets(engine, read, targets, options.replace ?? false)
        options.check?.(describe(read))
        segmentIds = new Map(read.segments.map(({ id }) => [id, engine.parts.services.newSegmentId()]))
        staging = new Staging(engine, segmentIds.values())
        return segmentIds
      },
    })
    const staged = manifest.collections.map((collection) =>
      stage(collection, manifest, segmentIds, {
        id: random.uuid(),
        name: targets!.names.get(collection.id)!,
        replace: options.replace ?? false,
        shard: targets!.shard,
        settings: targets!.settings,
      }),
    )
    for (const one of staged) {
      const view = await openArchived(engine, one)
      prepared.set(one.id, view)
      await checkContent(view)
      await checkPlaces(view, one.name, one.shard !== undefined)
    }
    checkCounts(manifest, [...prepared.values()])
    const { aliases, receipt } = targets!
    const told = receipt === undefined ? undefined : { name: receipt, value: staged[0]!.id }
    await staging!.commit(staged, aliases, prepared, told)
  } finally {
    for (const view of prepared.values()) view.release()
    await staging?.end()
    storeFiles.close()
  }
}

function checkAliases(engine: Engine, manifest: ArchiveContent, replace: boolean): void {
  const { catalog } = engine.parts
  for (const [alias, collection] of Object.entries(manifest.aliases)) {
    if (!manifest.collections.some(({ name }) => name === collection)) {
      throw new DatabaseError(
        'archive-invalid',
        `Cannot restore alias "${alias}": the archive does not hold its collection`,
        { entry: 'manifest.json' },
      )
    }
    if (catalog.collectionNamed(alias) !== undefined || (!replace && catalog.aliases.has(alias))) {
      throw new DatabaseError('alias-exists', `Cannot restore alias "${alias}": the name is taken`, { alias })
    }
  }
}

function describe(manifest: ArchiveManifest): ArchiveDescription {
  const { name, createdAt, scope, shard } = manifest.snapshot
  return {
    snapshot: { name, createdAt, scope, ...(shard === undefined ? {} : { shard }) },
    isIncremental: manifest.base !== null,
    segments: manifest.segments.map(({ id }) => id),
    aliases: manifest.aliases,
    collections: manifest.collections.map((collection) => ({
      name: collection.name,
      config: collection.config,
      pointCount: collection.pointCount,
    })),
  }
}

interface StagingTarget {
  readonly id: string
  readonly name: string
  readonly replace: boolean
  readonly shard: ShardTarget | undefined
  readonly settings: RestoreArchiveOptions['settings']
}

/** The archive's entries in this store: other segment ids, and all deletions in force from the start. */
function stage(
  collection: ArchiveCollection,
  manifest: ArchiveManifest,
  segmentIds: SegmentIds,
  { id, name, replace, shard, settings }: StagingTarget,
): StagedCollection {
  const used = new Set(collection.shards.flat().map(({ segment }) => segment))
  const shards = collection.shards.map((entries) =>
    entries.map((entry): ManifestEntry => ({
      segment: segmentIds.get(entry.segment)!,
      rowsUpTo: entry.rowsUpTo,
      foreign: true,
      inherited: [...entry.inherited, ...entry.deltas],
      deltas: [],
    })),
  )
  const segments = manifest.segments
    .filter((info) => used.has(info.id))
    .map((info) => ({ ...info, id: segmentIds.get(info.id)! }))
  if (shard === undefined) {
    const own = settings?.(collection.config)
    const config = own === undefined ? collection.config : { ...collection.config, settings: own }
    return { id, name, config, shards, segments, replace }
  }
  const partition = partitionOfShard(collection.config, shard.source)
  return {
    id,
    name,
    config: withPartitions({ ...collection.config, shardNumber: shard.of }, [defaultPartition]),
    shards: Array.from({ length: shard.of }, (_, index) =>
      index === shard.target % shard.of ? shards[shard.source]! : [],
    ),
    segments,
    replace,
    shard: shard.target,
    ...(partition === null || partition === defaultPartition ? {} : { partition }),
  }
}

async function openArchived(engine: Engine, staged: StagedCollection): Promise<View> {
  try {
    return await openStaged(engine.parts, staged)
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.kind !== 'corrupt') throw error
    // The bytes are those that the archive's manifest promises, and yet they are no segment.
    throw new DatabaseError(
      'archive-invalid',
      `Cannot restore this archive: ${error.message}`,
      error.details,
      error,
    )
  }
}

function checkCounts(manifest: ArchiveManifest, views: readonly View[]): void {
  manifest.collections.forEach((collection, index) => {
    const found = views[index]!.pointCount()
    if (found === collection.pointCount) return
    const text = `Cannot restore collection "${collection.name}": it has ${found} points, its manifest says ${collection.pointCount}`
    throw new DatabaseError('archive-invalid', text, {
      entry: 'manifest.json',
      expected: collection.pointCount,
      actual: found,
    })
  })
}
