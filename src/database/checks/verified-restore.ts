import type { View } from '../../collection/view.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { allEnded } from '../../runtime/all-ended.ts'
import { readSealed } from '../../snapshot/seal.ts'
import type { VerifyOptions } from '../../snapshot/verify/verify.ts'
import type { Engine } from '../engine.ts'
import type { Snapshot } from '../snapshot-handle.ts'

/**
 * Reads and hashes every byte that a snapshot reaches. Gives what compares the points of the views that are opened of it
 * with what its manifests say.
 * @throws manifest-corrupt naming the damaged files, cancelled, snapshot-not-found
 */
export async function verifiedForRestore(
  engine: Engine,
  snapshot: Snapshot,
  options: VerifyOptions,
): Promise<(views: ReadonlyMap<string, View>) => void> {
  const { ok, problems, resumeFrom } = await snapshot.verify(options)
  if (resumeFrom !== undefined) {
    engine.checkOpen()
    throw new DatabaseError('cancelled', `Cannot restore snapshot "${snapshot.name}": it was cancelled`)
  }
  if (!ok) {
    const [first] = problems
    const more = problems.length > 1 ? `, and ${problems.length - 1} more files are damaged` : ''
    const text = `Cannot restore snapshot "${snapshot.name}": ${first!.file}: ${first!.why}${more}`
    throw new DatabaseError('segment-corrupt', text, { key: first!.file, problems: problems.length })
  }
  const { sealed } = engine.parts.catalog.getSnapshot(snapshot.id)
  const contents = await allEnded((sealed ?? []).map((ref) => readSealed(engine.parts.store, ref)))
  const counts = new Map(contents.map(({ stored, pointCount }) => [stored.collection as string, pointCount]))
  return (views) => {
    for (const [id, view] of views) checkCount(snapshot.name, view.pointCount(), counts.get(id))
  }
}

function checkCount(snapshot: string, found: number, expected: number | undefined): void {
  if (found === expected) return
  const text = `Cannot restore snapshot "${snapshot}": it has ${found} points, its manifest says ${String(expected)}`
  throw new DatabaseError('manifest-corrupt', text, { expected, actual: found })
}
