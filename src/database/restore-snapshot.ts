import type { CollectionState } from '../collection/collection-state.ts'
import { findMisplacedPoint, placedShard, type MisplacedPoint } from '../collection/shard-view.ts'
import type { View } from '../collection/view.ts'
import type { JsonObject, JsonValue } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { seqOf, type CollectionId } from '../ids/brands.ts'
import type { Engine } from './engine.ts'
import type { RestoreSource, RestoreTarget, ShardTarget, UndoSnapshot } from './records.ts'
import { seqAtTime } from './reference.ts'
import { Snapshot } from './snapshot-handle.ts'

export interface RestorePlan {
  readonly collections: readonly {
    /** In the source. */
    readonly source: CollectionId
    /** A new collection of this name, or the one that becomes what the source holds. */
    readonly into: {
      readonly name: string
      readonly id?: string
      readonly shard?: ShardTarget
      /** Of a new collection. */
      readonly settings?: JsonObject
    }
  }[]
  readonly aliases?: Readonly<Record<string, string>>
  readonly undoName?: string
  /** Name of a document that is put with it. */
  readonly receipt?: string
  /** What it holds. Default: the id of the first collection. */
  readonly receiptValue?: JsonValue
  /** Looks at what was opened, by the collection's id in the source; what it throws refuses the restore. */
  readonly check?: (views: ReadonlyMap<string, View>) => void
}

export interface Restored {
  readonly states: readonly CollectionState[]
  /** What was replaced in place. */
  readonly undo: Snapshot | undefined
}

/**
 * Opens all that the restore reads, then logs the one record that does it: completely or not at all.
 * @throws what opening a segment throws, collection-exists, snapshot-not-found, moment-not-kept
 */
export async function submitRestore(
  engine: Engine,
  source: RestoreSource,
  plan: RestorePlan,
): Promise<Restored> {
  const { catalog, pins, random } = engine.parts
  const prepared = new Map<string, View>()
  const unpins: (() => void)[] = []
  try {
    if (!('live' in source)) {
      for (const { source: id, into } of plan.collections) {
        if (prepared.has(id)) continue
        const view = await openSource(engine, source, id, into.name)
        prepared.set(id, view)
        // Otherwise: the present is opened; a merge replaces what stands in memory; the next checkpoint leaves it out;
        // garbage collection deletes its files; the record is applied and puts the collection on top of them.
        unpins.push(pins.pin([...view.entries()].map(({ handle }) => handle.id)))
      }
    }
    const targets = plan.collections.map(({ source: id, into }): RestoreTarget => {
      const shard =
        into.id === undefined ? undefined : (into.shard ?? ownShard(engine, source, prepared.get(id)))
      return {
        source: id,
        id: into.id ?? random.uuid(),
        name: into.name,
        inPlace: into.id !== undefined,
        ...(into.settings === undefined ? {} : { settings: into.settings }),
        ...(shard === undefined ? {} : { shard }),
      }
    })
    for (const { source: id, name, shard } of targets)
      if (shard !== undefined) await checkBelongs(prepared.get(id)!, name, shard)
    plan.check?.(prepared)
    const undo = undoOf(engine, targets, plan.undoName)
    const receipt =
      plan.receipt === undefined
        ? {}
        : { receipt: { name: plan.receipt, value: plan.receiptValue ?? targets[0]!.id } }
    const states = (await engine.submit(
      { type: 'restore', source, collections: targets, aliases: plan.aliases ?? {}, undo, ...receipt },
      prepared,
    )) as readonly CollectionState[]
    return { states, undo: undo === null ? undefined : new Snapshot(engine, catalog.getSnapshot(undo.id)) }
  } finally {
    for (const view of prepared.values()) view.release()
    for (const unpin of unpins) unpin()
  }
}

/** A snapshot of one shard replaces that shard only, wherever it is restored in place. */
function ownShard(engine: Engine, source: RestoreSource, view: View | undefined): ShardTarget | undefined {
  const shard =
    'snapshot' in source ? engine.parts.catalog.getSnapshot(source.snapshot).record.shard : undefined
  if (shard === undefined) return undefined
  return { source: shard, target: shard, of: view!.config.shardNumber }
}

/** What was written as this shard belongs there; any other's points are looked at. @throws snapshot-incompatible */
async function checkBelongs(
  view: View,
  collection: string,
  { source, target, of }: ShardTarget,
): Promise<void> {
  if (of === view.config.shardNumber && source % of === target % of) return
  const placed = placedShard(view, source, target % of, of)
  try {
    const misplaced = await findMisplacedPoint(placed)
    if (misplaced !== undefined) throw shardMisfit(collection, misplaced)
  } finally {
    placed.release()
  }
}

export function shardMisfit(collection: string, { id, shard, why }: MisplacedPoint): DatabaseError {
  const text = `Cannot restore shard ${shard} of collection "${collection}": point ${String(id)}: ${why}`
  return new DatabaseError('snapshot-incompatible', text, { what: 'points', id: String(id), shard })
}

function openSource(
  engine: Engine,
  source: Exclude<RestoreSource, { readonly live: true }>,
  id: CollectionId,
  name: string,
): Promise<View> {
  return 'snapshot' in source
    ? engine.openSnapshot(engine.parts.catalog.getSnapshot(source.snapshot), id)
    : engine.openMoment(id, name, seqOf(source.seq))
}

function undoOf(
  engine: Engine,
  targets: readonly RestoreTarget[],
  name: string | undefined,
): UndoSnapshot | null {
  const replaced = targets.filter(({ inPlace }) => inPlace)
  const [first] = replaced
  if (first === undefined) return null
  const shard = replaced.length === 1 ? first.shard?.target : undefined
  const id = engine.parts.random.uuid()
  return {
    id,
    name: name ?? `before-rollback-${id}`,
    createdAt: engine.parts.clock.now(),
    scope: shard !== undefined ? 'shard' : replaced.length === 1 ? 'collection' : 'several',
    ...(shard === undefined ? {} : { shard }),
    reason: 'before-rollback',
  }
}

/** @throws moment-not-kept */
export function restoreSourceOf(
  engine: Engine,
  target: Snapshot | { readonly seq: number } | { readonly time: number },
): RestoreSource {
  if (target instanceof Snapshot) return { snapshot: target.id }
  if ('seq' in target) return { seq: target.seq }
  return { seq: seqAtTime(engine.parts.catalog, target.time, engine.appliedSeq) }
}
