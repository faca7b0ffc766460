import type { SnapshotScope } from '../manifest/format.ts'
import type { SnapshotState } from './catalog-state.ts'
import type { Engine } from './engine.ts'
import { Snapshot } from './snapshot-handle.ts'
import { createHold, draftSnapshot, type SnapshotOptions } from './snapshot-options.ts'

/** `collections` null: the whole store. */
export async function submitSnapshot(
  engine: Engine,
  scope: SnapshotScope,
  collections: readonly string[] | null,
  options: SnapshotOptions,
  shard?: number,
): Promise<Snapshot> {
  const snapshot = draftSnapshot(engine, scope, options, shard)
  const holds = options.hold === undefined ? [] : [createHold(engine, options.hold)]
  const state = (await engine.submit({
    type: 'create-snapshot',
    snapshot,
    collections,
    holds,
  })) as SnapshotState
  return new Snapshot(engine, state)
}
