import type { CheckMark } from '../../manifest/format.ts'
import type { Problem, VerifyPlan } from '../../snapshot/verify/plan.ts'
import { planVerification, segmentsOf } from '../../snapshot/verify/plan.ts'
import type { SnapshotState } from '../catalog-state.ts'
import type { Engine } from '../engine.ts'

// The report names every problem; the mark, which stays in the catalog, this many.
const markedProblemsMax = 100

export interface SealedFiles {
  readonly state: SnapshotState
  readonly plan: VerifyPlan
  /** Lets garbage collection take the segments again, if nothing else holds them. */
  readonly release: () => void
}

/** A snapshot's files, sealed first if need be, and held against garbage collection. @throws snapshot-not-found */
export async function openSealedFiles(engine: Engine, id: string): Promise<SealedFiles> {
  const { catalog, store, pins } = engine.parts
  engine.checkOpen()
  if (catalog.getSnapshot(id).sealed === undefined) await engine.checkpoint()
  const plan = await planVerification(store, catalog.getSnapshot(id).sealed ?? [])
  const release = pins.pin(segmentsOf(plan))
  try {
    // Looked up again with the pin in place. Otherwise: we read what it names; it is deleted, and garbage collection
    // takes the files; we pin them, and report a damage that there never was.
    return { state: catalog.getSnapshot(id), plan, release }
  } catch (error) {
    release()
    throw error
  }
}

export function createMark(
  engine: Engine,
  ok: boolean,
  problems: readonly Problem[],
  bytes: number,
  problemsMax = markedProblemsMax,
): CheckMark {
  const texts = problems.slice(0, problemsMax).map(({ file, why }) => `${file}: ${why}`)
  if (problems.length > texts.length) texts.push(`and ${problems.length - texts.length} more`)
  return { at: engine.parts.clock.now(), ok, problems: texts, bytes }
}
