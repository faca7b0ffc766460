import { partitionNames, partitionPointCounts, viewOfPartitions } from '../../../collection/partitions.ts'
import type { View } from '../../../collection/view.ts'
import { DatabaseError } from '../../../errors/database-error.ts'

/** What of a view goes into an archive: a copy, which the caller releases. @throws request-invalid, partition-not-found */
export function expressibleView(name: string, view: View, partition: string | undefined): View {
  for (const [vector, { distance, kind }] of Object.entries(view.config.vectors)) {
    if (distance === 'Jaccard')
      throw refused(name, `vector "${vector}" has the distance Jaccard, which Qdrant does not have`, {
        vector,
      })
    if (kind === 'sparse' && vector === '')
      throw refused(name, 'its unnamed vector is sparse, and those have names in Qdrant', { vector })
  }
  if (partition !== undefined) return viewOfPartitions(view, [partition])
  const filled = Object.entries(partitionPointCounts(view)).filter(([, points]) => points > 0)
  if (filled.length > 1) {
    const names = filled.map(([one]) => JSON.stringify(one)).join(', ')
    throw refused(
      name,
      `it has points in the partitions ${names}, and Qdrant has no partitions: name the one that is meant`,
      { partitions: filled.map(([one]) => one) },
    )
  }
  return viewOfPartitions(view, partitionNames(view.config))
}

function refused(name: string, why: string, details: Readonly<Record<string, unknown>>): DatabaseError {
  return new DatabaseError('request-invalid', `Cannot write "${name}" as an archive of Qdrant: ${why}`, {
    name,
    ...details,
  })
}
