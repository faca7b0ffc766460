import type { CollectionState } from '../collection/collection-state.ts'
import { installMerge, mergeRows, planMerge, type MergePlan } from '../collection/merge.ts'
import type { View } from '../collection/view.ts'
import type { SequenceNumber } from '../ids/brands.ts'
import { ownCollections } from './checks/drill-clone.ts'
import type { EngineParts } from './engine.ts'
import { keepHistory } from './history.ts'

type OptimizerParts = Pick<EngineParts, 'catalog' | 'registry' | 'services' | 'segments' | 'pins' | 'logger'>

/**
 * Merges until nothing is worth merging. A merge is no log record: it changes how rows are laid out, not what the
 * collection holds, and the next checkpoint makes it known.
 */
export async function runMerges(
  parts: OptimizerParts,
  seq: () => SequenceNumber,
  signal?: AbortSignal,
): Promise<void> {
  for (const state of ownCollections(parts.catalog)) {
    while (isLive(parts, state) && signal?.aborted !== true) {
      const view = state.view(seq())
      try {
        const plan = planMerge(view)
        if (plan === undefined || !(await merge(parts, state, view, plan, seq, signal))) break
      } finally {
        view.release()
      }
    }
  }
}

async function merge(
  parts: OptimizerParts,
  state: CollectionState,
  view: View,
  plan: MergePlan,
  seq: () => SequenceNumber,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const merged = await mergeRows(view, plan.sources, signal)
  if (merged.rows.rowCount === 0) {
    merged.rows.release()
    return (
      isLive(parts, state) &&
      installMerge(state, plan, merged, undefined, () => endStretch(parts, state, seq()))
    )
  }
  const handle = parts.registry.create(parts.services.newSegmentId(), merged.rows)
  handle.retain()
  // Until it is installed nothing names the segment but this pin.
  const unpin = parts.pins.pin([handle.id])
  try {
    handle.written(await parts.segments.write(handle.id, handle.rows, view.config.payloadIndexes, signal))
    const isInstalled =
      isLive(parts, state) && installMerge(state, plan, merged, handle, () => endStretch(parts, state, seq()))
    if (isInstalled)
      parts.logger.debug('segments merged', {
        collection: state.name,
        sources: plan.sources.length,
        rows: merged.rows.rowCount,
      })
    return isInstalled
  } finally {
    unpin()
    handle.release()
  }
}

/** Earlier moments need the rows that the merge leaves out. */
function endStretch(parts: OptimizerParts, state: CollectionState, seq: SequenceNumber): void {
  keepHistory(parts.catalog, state, seq)
  state.validFrom = seq
}

function isLive(parts: OptimizerParts, state: CollectionState): boolean {
  return parts.catalog.collections.get(state.id) === state
}
