import { checkCollectionConfig } from '../../../collection/checks/check-config.ts'
import { fullConfig } from '../../../collection/collection-state.ts'
import { defaultPartition, partitionOfShard, withPartitions } from '../../../collection/partitions.ts'
import type { FullConfig, View } from '../../../collection/view.ts'
import type { JsonObject } from '../../../encoding/json.ts'
import { collectionIdOf } from '../../../ids/brands.ts'
import { invalidEntry } from '../../../snapshot/archive/archive-error.ts'
import { notEncrypted } from '../../../snapshot/archive/encryption/decrypt.ts'
import { PlacedFile } from '../../../snapshot/archive/file-bytes.ts'
import { parseSha256 } from '../../../snapshot/archive/import-archive.ts'
import { checkSignature } from '../../../snapshot/archive/signature/signature.ts'
import { openQdrantArchive } from '../../../snapshot/qdrant/archive.ts'
import { partitionOfShardKey } from '../../../snapshot/qdrant/shard-key-names.ts'
import type { QdrantArchive, QdrantCollection } from '../../../snapshot/qdrant/types.ts'
import type { Engine } from '../../engine.ts'
import type { StagedCollection } from '../../records.ts'
import type { RestoreStoreOptions } from '../../restore-archive.ts'
import { shardMisfit } from '../../restore-snapshot.ts'
import { Staging } from '../../staged.ts'
import { checkPlaces, checkTargets, type ArchiveContent, type Targets } from '../targets.ts'
import { checkCancelled } from './check-cancelled.ts'
import { fillRows } from './fill-rows.ts'
import { ImportedRows, type WrittenRows } from './imported-rows.ts'
import { replayWal, type IndexSchemas, type ReplayReport } from './replay-wal.ts'
import { InPlace } from './in-place.ts'
import { Spool } from './spool.ts'

/** What became of an archive that Qdrant wrote. */
export interface QdrantImportReport {
  /** Of the archive. */
  readonly bytes: number
  /** Absent where a local file was read in place, and nobody asked for it. */
  readonly sha256?: string
  readonly collections: readonly ImportedCollection[]
  /** What the archive has no checksums for, and so could not be proved; writes that were not finished. */
  readonly unproved: readonly string[]
  /** What was in the archive and is not in the collections. */
  readonly dropped: readonly string[]
}

export interface ImportedCollection {
  readonly name: string
  readonly points: number
  /** Of the archive. */
  readonly segments: number
  /** Of the write-ahead logs: those that were replayed. */
  readonly walEntries: number
}

export type QdrantImportOptions = RestoreStoreOptions & {
  /** The configuration of the collection that an archive of one shard is for. */
  readonly config?: FullConfig
  /** The shard there. The archive does not say of which key it is: it is taken to be of the shard's. */
  readonly shard?: number
}

/**
 * Makes collections of an archive of Qdrant: its points become segments of ours, its write-ahead logs are replayed on them, and
 * one record makes all of it known: the commit point. Whatever fails before leaves the database as it was. A stream becomes one
 * object of the store before, as any part of it may be needed at any time; a local file, which is closed in the end, is read
 * where it lies.
 * @throws archive-invalid naming the entry, archive-untrusted, archive-key-wrong, checksum-mismatch, cancelled,
 * archive-folder-failed for a file that is changed meanwhile, and what `plan`, the source and the store throw
 */
export async function importQdrant(
  engine: Engine,
  source: AsyncIterable<Uint8Array> | PlacedFile,
  options: QdrantImportOptions,
  plan: (content: ArchiveContent) => Targets,
): Promise<void> {
  const place =
    source instanceof PlacedFile ? new InPlace(source, options) : new Spool(engine, source, options)
  try {
    if (options.decrypt !== undefined) throw notEncrypted()
    checkSignature(new Uint8Array(0), undefined, options.trustedKeys)
    const { entry, sha256 } = await place.open(parseSha256(options.sha256))
    const archive = await openQdrantArchive(entry)
    const run = new Import(engine, archive, options, () => place.check())
    const of = { bytes: entry.bytes, ...(sha256 === undefined ? {} : { sha256 }) }
    const report = { ...of, ...(await run.run(plan)) }
    engine.parts.logger.info('an archive of Qdrant was imported', { ...report })
    options.onImported?.(report)
  } finally {
    await place.end()
  }
}

/** A collection of the archive with what is to become of it. */
interface Planned {
  readonly id: string
  readonly archived: QdrantCollection
  readonly name: string
  readonly config: FullConfig
}

class Import {
  readonly #engine: Engine
  readonly #archive: QdrantArchive
  readonly #options: QdrantImportOptions
  readonly #staging: Staging
  readonly #rows: ImportedRows[] = []
  readonly #prepared = new Map<string, View>()
  readonly #dropped: string[] = []
  readonly #unproved: string[]
  /** Whether what was read is still what there was. */
  readonly #check: () => Promise<void>

  constructor(
    engine: Engine,
    archive: QdrantArchive,
    options: QdrantImportOptions,
    check: () => Promise<void>,
  ) {
    this.#check = check
    this.#engine = engine
    this.#archive = archive
    this.#options = options
    this.#unproved = [...archive.unproved]
    this.#staging = new Staging(engine, [])
  }

  async run(
    plan: (content: ArchiveContent) => Targets,
  ): Promise<Pick<QdrantImportReport, 'collections' | 'unproved' | 'dropped'>> {
    try {
      const planned = this.#archive.collections.map((archived) => this.#planned(archived))
      const content = this.#content(planned)
      const targets = plan(content)
      const replace = this.#options.replace ?? false
      checkTargets(this.#engine, content, targets, replace)
      this.#options.check?.(this.#describe(planned))
      const staged: StagedCollection[] = []
      const collections: ImportedCollection[] = []
      for (const one of planned) {
        const name = targets.names.get(one.id)!
        const { written, config, walEntries } = await this.#import(one, async (view) => {
          checkShardPlaces(name, view, targets)
          await checkPlaces(view, name, targets.shard !== undefined)
        })
        this.#prepared.set(one.id, written.view)
        const partition = this.#partition
        staged.push(stage({ id: one.id, name, config, written, replace, partition }, targets))
        const segments = one.archived.shards.reduce((sum, shard) => sum + shard.segments.length, 0)
        collections.push({ name, points: written.view.pointCount(), segments, walEntries })
      }
      const { aliases, receipt } = targets
      const told = receipt === undefined ? undefined : { name: receipt, value: staged[0]!.id }
      checkCancelled(this.#options.signal)
      await this.#check()
      await this.#staging.commit(staged, aliases, this.#prepared, told)
      return { collections, unproved: this.#unproved, dropped: this.#dropped }
    } finally {
      for (const view of this.#prepared.values()) view.release()
      for (const rows of this.#rows) await rows.release()
      await this.#staging.end()
    }
  }

  #planned(archived: QdrantCollection): Planned {
    const id = this.#engine.parts.random.uuid()
    const name = archived.name ?? ''
    if (archived.config === undefined) {
      const config = this.#options.config ?? fullConfig({ vectors: {} })
      return { id, archived, name, config: withPartitions(config, [defaultPartition]) }
    }
    return { id, archived, name, config: this.#configOf(archived, archived.payloadIndexes) }
  }

  /** As the archive describes it, with a partition for each shard key, in the order of their shards. */
  #configOf({ config, shards }: QdrantCollection, payloadIndexes: JsonObject): FullConfig {
    const keys = new Set(shards.map(({ key }) => key))
    const names = [...keys].filter((key) => key !== undefined).map(partitionOfShardKey)
    try {
      const translated = this.#engine.parts.qdrantConfig({ config: config ?? {}, payloadIndexes })
      const whole = withPartitions(fullConfig(translated), [defaultPartition, ...names])
      checkCollectionConfig(whole)
      return whole
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw invalidEntry('config.json', `no collection can be made of it: ${why}`)
    }
  }

  #content(planned: readonly Planned[]): ArchiveContent {
    const { kind, aliases } = this.#archive
    const scope = kind === 'full' ? 'store' : kind
    const shard = kind === 'shard' ? { shard: 0 } : {}
    const collections = planned.map((one) => {
      const config = kind === 'shard' ? { ...one.config, partitions: [this.#partition] } : one.config
      return { ...one, config }
    })
    return { snapshot: { scope, ...shard }, collections, aliases }
  }

  /** Where the points of an archive of one shard belong. */
  get #partition(): string | null {
    const { config, shard } = this.#options
    return config === undefined || shard === undefined ? defaultPartition : partitionOfShard(config, shard)
  }

  #describe(planned: readonly Planned[]): Parameters<NonNullable<RestoreStoreOptions['check']>>[0] {
    const { snapshot, aliases } = this.#content(planned)
    return {
      snapshot: { name: '', createdAt: 0, ...snapshot },
      isIncremental: false,
      segments: planned.flatMap(({ archived }) =>
        archived.shards.flatMap(({ segments }) => segments.map(({ name }) => name)),
      ),
      aliases,
      collections: planned.map(({ name, config, archived }) => ({
        name,
        config,
        pointCount: archived.shards
          .flatMap(({ segments }) => segments)
          .reduce((sum, { pointCount }) => sum + pointCount, 0),
      })),
    }
  }

  async #import(
    { id, archived, name, config }: Planned,
    check: (view: View) => Promise<void>,
  ): Promise<{
    readonly written: WrittenRows
    readonly config: FullConfig
    readonly walEntries: number
  }> {
    const { signal } = this.#options
    const rows = new ImportedRows(this.#engine, this.#staging, { owner: collectionIdOf(id), config, signal })
    this.#rows.push(rows)
    const indexes: IndexSchemas = new Map(Object.entries(archived.payloadIndexes))
    const before = [...indexes]
    const report: ReplayReport = { entries: 0, vectorDrops: 0, looks: 0, dropped: new Set(), torn: [] }
    for (const shard of archived.shards) {
      rows.enter(shard.key === undefined ? defaultPartition : partitionOfShardKey(shard.key))
      await fillRows(rows, shard, (vector) => report.dropped.add(vector))
      if (shard === archived.shards.at(-1)) rows.settle()
      await replayWal(rows, shard, indexes, report, this.#engine.parts.qdrantFilter)
      rows.seal()
    }
    this.#unproved.push(...report.torn)
    const of = name === '' ? '' : ` of collection ${JSON.stringify(name)}`
    for (const vector of report.dropped)
      this.#dropped.push(`vector ${JSON.stringify(vector)}${of}: its configuration does not name it`)
    const isSame = JSON.stringify(before) === JSON.stringify([...indexes])
    const now =
      isSame || archived.config === undefined ? config : this.#configOf(archived, Object.fromEntries(indexes))
    return { written: await rows.write(now, check), config: now, walEntries: report.entries }
  }
}

/** Qdrant deals points to shards by another hash: of several shards, one archived shard is none of ours. */
function checkShardPlaces(name: string, view: View, { shard }: Targets): void {
  if (shard === undefined) return
  for (const [index, entries] of view.shards.entries()) {
    const [first] = entries
    if (index === shard.target % view.shards.length || first === undefined) continue
    const id = first.handle.rows.pointIdAt(0)
    const place = shard.target - (shard.target % view.shards.length) + index
    const why = `its place here is shard ${place}, as other servers deal points to shards by another hash: restore the whole collection instead`
    throw shardMisfit(name, { id, shard: shard.target, problem: 'other-shard', why })
  }
}

function stage(
  {
    id,
    name,
    config,
    written,
    replace,
    partition,
  }: Pick<StagedCollection, 'id' | 'name' | 'replace'> & {
    readonly config: FullConfig
    readonly written: WrittenRows
    /** Of the shard, in an archive of one. */
    readonly partition: string | null
  },
  { shard, settings }: Targets,
): StagedCollection {
  const own = settings?.(config)
  const { shards, segments } = written
  return {
    id,
    name,
    config: own === undefined ? config : { ...config, settings: own },
    shards,
    segments,
    replace,
    ...(shard === undefined ? {} : { shard: shard.target }),
    ...(shard === undefined || partition === null || partition === defaultPartition ? {} : { partition }),
  }
}
