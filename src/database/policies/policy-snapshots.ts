import type { CollectionId } from '../../ids/brands.ts'
import type { SnapshotScope } from '../../manifest/format.ts'
import { policyLabel, reasonOf, type Policy } from '../../snapshot/policy/policy.ts'
import type { RetainedSnapshot } from '../../snapshot/policy/retention.ts'
import type { PolicySnapshot } from '../../snapshot/policy/run.ts'
import type { CatalogState, SnapshotState } from '../catalog-state.ts'
import { ownCollections } from '../checks/drill-clone.ts'
import { isHeld, matchesPattern } from '../snapshot-query.ts'

/** What one run takes a snapshot of. */
export interface PolicyTarget {
  readonly scope: SnapshotScope
  /** Null: the whole store. */
  readonly ids: readonly CollectionId[] | null
  readonly collections: readonly string[]
  /** Names that no collection has; patterns that match nothing are not missing. */
  readonly missing: readonly string[]
}

export function targetOf(catalog: CatalogState, policy: Policy): PolicyTarget {
  const all = ownCollections(catalog)
  if (policy.collections === 'store')
    return { scope: 'store', ids: null, collections: all.map(({ name }) => name).sort(), missing: [] }
  const found = new Map<string, CollectionId>()
  const missing: string[] = []
  for (const wanted of policy.collections) {
    const named = catalog.findCollection(wanted)
    if (named !== undefined) found.set(named.name, named.id)
    else if (!wanted.includes('*')) missing.push(wanted)
    else for (const { name, id } of all) if (matchesPattern(wanted, name)) found.set(name, id)
  }
  const collections = [...found.keys()].sort()
  return {
    scope: found.size === 1 ? 'collection' : 'several',
    ids: collections.map((name) => found.get(name)!),
    collections,
    missing,
  }
}

/** Those that the policy made and nobody took from it, in order of creation. */
export function snapshotsOf(catalog: CatalogState, policy: string): SnapshotState[] {
  const own = [...catalog.snapshots.values()].filter(
    ({ record }) => record.reason === reasonOf(policy) && record.labels[policyLabel] === policy,
  )
  return own.sort((a, b) => a.record.seq - b.record.seq)
}

export function retainedOf({ record, marks }: SnapshotState, now: number): RetainedSnapshot {
  const isGood = marks.verified?.ok !== false && marks.drilled?.ok !== false
  return {
    id: record.id,
    seq: record.seq,
    createdAt: record.createdAt,
    isHeld: isHeld(marks.holds, now),
    isVerified: marks.verified?.ok === true && isGood,
    isGood,
  }
}

/** The newest one that does what the policy asks for. */
export function newestGood(own: readonly SnapshotState[], policy: Policy): SnapshotState | undefined {
  return own.findLast((state) => {
    const { isGood, isVerified } = retainedOf(state, 0)
    return policy.verify === true ? isVerified : isGood
  })
}

export function summaryOf({ id, name, createdAt }: PolicySnapshot): PolicySnapshot {
  return { id, name, createdAt }
}
