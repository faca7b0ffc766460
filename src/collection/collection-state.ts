import type { IdWords } from '../ids/point-id.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { CollectionId, SequenceNumber } from '../ids/brands.ts'
import { assert } from '../runtime/assert.ts'
import { RowSet } from '../segment/row-set.ts'
import type { SegmentRegistry } from './segment-handle.ts'
import type { SegmentId } from '../ids/brands.ts'
import { homeShard, partitionPlaces, shardCountOf, withPartitions } from './partitions.ts'
import { adoptView, Shard } from './shard.ts'
import type { CollectionConfig } from './types.ts'
import { declaredColumns } from './vector-columns.ts'
import { View, visibleCount, type FullConfig } from './view.ts'

export interface StateServices {
  readonly registry: SegmentRegistry
  /** A fresh segment id. */
  newSegmentId(): SegmentId
}

export function fullConfig(config: CollectionConfig): FullConfig {
  return { ...config, shardNumber: config.shardNumber ?? 1, payloadIndexes: config.payloadIndexes ?? {} }
}

/** One living collection: its configuration, its shards, and the number of the last change. */
export class CollectionState {
  readonly id: CollectionId
  #name: string
  #config: FullConfig
  #shards: readonly Shard[]
  readonly #services: StateServices
  /** Set until its rows are in memory: what the manifest says of them, and why they will not come. */
  #awaited: { readonly pointCount: number; readonly error?: unknown } | undefined
  /** Grows with every change that a manifest would show. */
  changeCount = 0
  /** From this number on the present entries give any of the collection's moments, see `viewAt`. */
  validFrom: SequenceNumber

  constructor(
    id: CollectionId,
    name: string,
    config: FullConfig,
    services: StateServices,
    validFrom: SequenceNumber,
  ) {
    this.id = id
    this.#name = name
    this.#config = config
    this.validFrom = validFrom
    this.#services = services
    this.#shards = this.#newShards(shardCountOf(config))
  }

  get name(): string {
    return this.#name
  }

  get config(): FullConfig {
    return this.#config
  }

  /** @throws as checkLoaded */
  get shards(): readonly Shard[] {
    this.checkLoaded()
    return this.#shards
  }

  /** Its rows come later: until then whatever needs them throws. */
  awaitRows(pointCount: number): void {
    this.#awaited = { pointCount }
  }

  /** Its entries are adopted in this very tick. */
  rowsLoaded(): void {
    this.#awaited = undefined
  }

  rowsFailed(error: unknown): void {
    assert(this.#awaited !== undefined, 'rows that are there have not failed')
    this.#awaited = { ...this.#awaited, error }
  }

  get isLoaded(): boolean {
    return this.#awaited === undefined
  }

  /** @throws collection-loading until its rows are in memory, or what loading them threw */
  checkLoaded(): void {
    if (this.#awaited === undefined) return
    if (this.#awaited.error !== undefined) throw this.#awaited.error as Error
    const text = `Cannot use collection "${this.#name}" yet: it is being loaded`
    throw new DatabaseError('collection-loading', text, { collection: this.#name })
  }

  get pointCount(): number {
    if (this.#awaited !== undefined) return this.#awaited.pointCount
    return this.#shards.reduce((sum, shard) => sum + shard.pointCount, 0)
  }

  get memtableBytes(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.memtableBytes, 0)
  }

  /** What it was before had the old name: a stretch of its own. */
  rename(name: string, seq: SequenceNumber): void {
    this.#name = name
    this.validFrom = seq
    this.changeCount += 1
  }

  /** Partitions that are new begin empty; those that are gone take their points with them. */
  configure(config: FullConfig, seq: SequenceNumber): void {
    const old = this.shards
    this.#shards = this.#shardsFor(config)
    this.#setConfig(config, seq)
    for (const shard of old) if (!this.#shards.includes(shard)) shard.release()
  }

  #setConfig(config: FullConfig, seq: SequenceNumber): void {
    // A memtable has the columns that it was made with.
    if (config.vectors !== this.#config.vectors) this.freeze()
    this.#config = config
    this.validFrom = seq
    this.changeCount += 1
  }

  /** `place` is that of the partition. */
  shardOf(id: IdWords, place: number): Shard {
    return this.shards[homeShard(this.#config, place, id)]!
  }

  view(seq: SequenceNumber): View {
    return new View(
      seq,
      this.#config,
      this.shards.map((shard) => shard.viewEntries()),
    )
  }

  /** The collection becomes what the view shows, from `seq` on; its own entries are released. */
  become(view: View, config: FullConfig, seq: SequenceNumber): void {
    const { shardNumber } = view.config
    assert(view.shards.length === shardCountOf(view.config), 'a view has the shards of all partitions')
    const old = this.shards
    this.#shards = this.#newShards(view.shards.length)
    adoptView(this.#shards, this.id, view, visibleCount)
    this.#setConfig(withPartitions({ ...config, shardNumber }, partitionPlaces(view.config)), seq)
    for (const shard of old) shard.release()
  }

  /** One shard becomes what a shard of the view is, from `seq` on; the others and the configuration stay. */
  becomeShard(index: number, view: View, source: number, seq: SequenceNumber): void {
    const old = this.shards[index]
    const fresh = this.#newShards(1)
    assert(old !== undefined, `shard ${index} is one of the collection`)
    const part = new View(view.seq, view.config, [view.shards[source]!])
    adoptView(fresh, this.id, part, visibleCount)
    part.release()
    this.#shards = this.#shards.map((shard) => (shard === old ? fresh[0]! : shard))
    this.validFrom = seq
    this.changeCount += 1
    old.release()
  }

  /** Views and counts stay what they are until `show`, while rows and deletions are added. */
  hold(): void {
    for (const shard of this.shards) shard.hold()
  }

  show(): void {
    for (const shard of this.#shards) shard.show()
  }

  freeze(): void {
    for (const shard of this.#shards) shard.freeze()
  }

  release(): void {
    for (const shard of this.#shards) shard.release()
  }

  #shardsFor(config: FullConfig): readonly Shard[] {
    const [old, places] = [partitionPlaces(this.#config), partitionPlaces(config)]
    const { shardNumber } = config
    if (old.length === places.length && places.every((name, place) => name === old[place]))
      return this.#shards
    return places.flatMap((name, place) =>
      name === old[place]
        ? this.#shards.slice(place * shardNumber, (place + 1) * shardNumber)
        : this.#newShards(shardNumber),
    )
  }

  #newShards(count: number): Shard[] {
    const createMemtable = () => {
      const rows = new RowSet(declaredColumns(this.#config.vectors))
      return this.#services.registry.create(this.#services.newSegmentId(), rows)
    }
    return Array.from({ length: count }, () => new Shard(this.id, createMemtable))
  }
}
