import { partitionOfShard } from '../../collection/partitions.ts'
import { findMisplacedPoint } from '../../collection/shard-view.ts'
import type { CollectionConfig } from '../../collection/types.ts'
import type { FullConfig, View } from '../../collection/view.ts'
import type { JsonObject } from '../../encoding/json.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import type { SnapshotScope } from '../../manifest/format.ts'
import { checkCompatible, checkSamePartition, checkShardCompatible } from '../compatible.ts'
import type { Engine } from '../engine.ts'
import type { ShardTarget } from '../records.ts'
import { shardMisfit } from '../restore-snapshot.ts'

/** What an archive says that it holds, be it one of ours or not. */
export interface ArchiveContent {
  readonly snapshot: {
    readonly scope: SnapshotScope
    /** With the scope `shard` only. */
    readonly shard?: number
  }
  readonly collections: readonly {
    readonly id: string
    readonly name: string
    readonly config: FullConfig
  }[]
  readonly aliases: Readonly<Record<string, string>>
}

/** What becomes of an archive. */
export interface Targets {
  /** Target name by the collection's id in the archive. */
  readonly names: ReadonlyMap<string, string>
  readonly aliases: Readonly<Record<string, string>>
  /** The shard of the one collection that becomes what the archive holds. */
  readonly shard?: ShardTarget
  readonly settings?: ((config: CollectionConfig) => JsonObject | undefined) | undefined
  readonly receipt?: string | undefined
}

const contents: Readonly<Record<SnapshotScope, string>> = {
  collection: 'one collection',
  several: 'several collections',
  store: 'the whole store',
  shard: 'one shard of a collection',
}

export function otherContent(wanted: string, { snapshot: { scope } }: ArchiveContent): DatabaseError {
  const text = `Cannot restore ${wanted} from this archive: it holds ${contents[scope]}`
  return new DatabaseError('archive-invalid', text, { entry: 'manifest.json', scope })
}

/** @throws collection-exists, alias-exists, snapshot-incompatible */
export function checkTargets(
  engine: Engine,
  content: ArchiveContent,
  targets: Targets,
  replace: boolean,
): void {
  const { catalog } = engine.parts
  for (const collection of content.collections) {
    const name = targets.names.get(collection.id)!
    const existing = catalog.collectionNamed(name)
    if (existing !== undefined && targets.shard !== undefined) {
      const { source, target, of } = targets.shard
      checkShardCompatible(name, existing.config, collection.config, of)
      checkSamePartition(
        name,
        partitionOfShard(existing.config, target),
        partitionOfShard(collection.config, source),
      )
      continue
    }
    if (existing === undefined) {
      if (!catalog.aliases.has(name)) continue
      throw new DatabaseError('alias-exists', `Cannot create collection "${name}": an alias has this name`, {
        name,
      })
    }
    if (!replace)
      throw new DatabaseError('collection-exists', `Cannot create collection "${name}": it exists`, { name })
    checkCompatible(name, existing.config, collection.config)
  }
}

/** A point that nobody would find, or everybody twice, must not get in. @throws archive-invalid, snapshot-incompatible */
export async function checkPlaces(view: View, name: string, isShard: boolean): Promise<void> {
  const misplaced = await findMisplacedPoint(view)
  if (misplaced === undefined) return
  if (isShard && misplaced.problem === 'other-shard') throw shardMisfit(name, misplaced)
  const text = `Cannot restore this archive: point ${String(misplaced.id)} of shard ${misplaced.shard}: ${misplaced.why}`
  throw new DatabaseError('archive-invalid', text, { entry: 'manifest.json', id: String(misplaced.id) })
}
