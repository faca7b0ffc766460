import type { StoredView } from '../collection/open-view.ts'

/** Every segment and delta object that a stored collection reaches. */
export function keysOfStoredView(stored: Pick<StoredView, 'shards' | 'segments'>): string[] {
  const keys = new Set<string>()
  for (const info of stored.segments)
    for (const file of info.files) keys.add(`segments/${info.id}/${file.name}`)
  for (const entries of stored.shards) {
    for (const entry of entries) {
      for (const ref of entry.inherited) keys.add(`segments/${entry.segment}/${ref.name}`)
      for (const ref of entry.deltas) keys.add(`segments/${entry.segment}/${ref.name}`)
    }
  }
  return [...keys]
}
