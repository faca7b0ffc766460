import type { Policy } from '../../snapshot/policy/policy.ts'
import { decodePolicyRecord, encodePolicyRecord } from '../../snapshot/policy/run.ts'
import type { CatalogState } from '../catalog-state.ts'

export interface Rename {
  readonly from: string
  readonly to: string
}

/** Part of applying the rename, so that no crash can come between the two. */
export function renameInPolicies(catalog: CatalogState, rename: Rename): void {
  for (const [name, value] of catalog.documents.get('policy') ?? []) {
    const record = decodePolicyRecord(value)
    const policy = afterRename(record.policy, rename)
    if (policy !== record.policy)
      catalog.setDocument('policy', name, encodePolicyRecord({ ...record, policy }))
  }
}

/** The policy itself if it does not name the collection. Aliases and patterns stay what they are. */
export function afterRename(policy: Policy, { from, to }: Rename): Policy {
  const { collections } = policy
  if (collections === 'store' || !collections.includes(from)) return policy
  const names = new Set(collections.map((name) => (name === from ? to : name)))
  return Object.freeze({ ...policy, collections: Object.freeze([...names]) })
}
