import type { Problem, VerifyPlan } from '../../snapshot/verify/plan.ts'
import {
  bytesBefore,
  runVerification,
  type VerifySource,
  type VerifyOptions,
  type VerifyReport,
} from '../../snapshot/verify/verify.ts'
import type { SnapshotState } from '../catalog-state.ts'
import type { Engine } from '../engine.ts'
import { createMark, openSealedFiles } from './sealed-files.ts'

/** Reads and hashes every byte that the snapshot reaches, and leaves a mark on it. See `Snapshot.verify`. */
export async function verifySnapshot(
  engine: Engine,
  id: string,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const { state, plan, release } = await openSealedFiles(engine, id)
  try {
    const source = sourceOf(engine, options.signal, damagedBefore(state, plan, options.from))
    const report = await runVerification(source, plan, options)
    const bytes = bytesBefore(plan, options.from) + report.bytes
    if (engine.isOpen) await leaveMark(engine, id, report, bytes)
    return report
  } finally {
    release()
  }
}

export function sourceOf(
  engine: Engine,
  signal: AbortSignal | undefined,
  again: ReadonlySet<string> = new Set(),
): VerifySource {
  const { store, clock, verified } = engine.parts
  const isStopped = (): boolean => signal?.aborted === true || !engine.isOpen
  return { store, clock, isStopped, again, verified }
}

/**
 * A run that did not come to its end leaves a mark only if it found damage. So the mark never claims that all is well
 * before all was read, and the run that goes on from there learns what to read again.
 */
export async function leaveMark(
  engine: Engine,
  id: string,
  report: VerifyReport,
  bytes: number,
): Promise<void> {
  const isWhole = report.resumeFrom === undefined
  if (!isWhole && report.problems.length === 0) return
  const max = isWhole ? undefined : report.problems.length
  const verified = createMark(engine, report.ok, report.problems, bytes, max)
  await engine.submit({ type: 'update-snapshot', id, change: { verified } })
}

/** Files before the position that the last mark calls damaged: their problem would be lost, were they not read again. */
function damagedBefore(
  { marks }: SnapshotState,
  plan: VerifyPlan,
  from: string | undefined,
): ReadonlySet<Problem['file']> {
  if (from === undefined || marks.verified === null || marks.verified.ok) return new Set()
  const named = new Set(marks.verified.problems.map((text) => text.slice(0, text.indexOf(': '))))
  return new Set(plan.files.flatMap(({ key }) => (key < from && named.has(key) ? [key] : [])))
}
