import type { Database, Snapshot } from '../../src/index.ts'
import { DatabaseError } from '../../src/errors/database-error.ts'

export async function verifyAllSnapshots(db: Database): Promise<void> {
  for (const snapshot of db.listAllSnapshots()) await verifyWell(snapshot)
}

/** @throws read-failed, segment-corrupt with everything that is wrong */
export async function verifyWell(snapshot: Snapshot): Promise<void> {
  const { ok, problems } = await snapshot.verify()
  if (ok) return
  const isUnread = problems.every(({ why }) => why.startsWith('unreadable'))
  const text = problems.map(({ file, why }) => `${file}: ${why}`).join('; ')
  throw new DatabaseError(
    isUnread ? 'read-failed' : 'segment-corrupt',
    `Cannot trust snapshot "${snapshot.name}": ${text}`,
  )
}
