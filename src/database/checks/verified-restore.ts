import type { View } from '../../collection/view.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { checkMembers, type Members } from '../../errors/known-members.ts'
import { allEnded } from '../../runtime/all-ended.ts'
import { planOfViews, segmentsOf, type VerifyPlan } from '../../snapshot/verify/plan.ts'
import { runVerification, type VerifyOptions, type VerifyReport } from '../../snapshot/verify/verify.ts'
import type { Engine } from '../engine.ts'
import type { Snapshot } from '../snapshot-handle.ts'
import { openSealedFiles } from './sealed-files.ts'
import { leaveMark, sourceOf } from './verify-snapshot.ts'

export interface RestoreVerifyOptions extends Pick<
  VerifyOptions,
  'signal' | 'onProgress' | 'bytesPerSecond'
> {
  /**
   * Leaves out files that this process has hashed before, since it opened the database, when it wrote them or when it
   * read them, and that nobody has touched since as far as the file system tells. And a snapshot whose own files are not
   * written yet is not flushed for it: what only the memory and the log hold is in no file. Default false: every byte is
   * read, whatever is known of it.
   */
  readonly trustUnchanged?: boolean
  /**
   * Called once, before segments are read: how many bytes that will be, those included that are only to be brought into
   * memory. Nothing is left then but a few small files and a log record, if it is 0.
   */
  readonly onStart?: (work: { readonly bytes: number }) => void
}

const ofRestoreVerify: Members<RestoreVerifyOptions> = {
  signal: true,
  onProgress: true,
  bytesPerSecond: true,
  trustUnchanged: true,
  onStart: true,
}

/** Files that a restore rests on, held against garbage collection. */
interface ReachedFiles {
  readonly plan: VerifyPlan
  /** False while the snapshot's rows stand in memory and the log, and its own files are not written. */
  readonly isSealed: boolean
  /** How many points there are, by the collection's id. */
  readonly pointCounts: ReadonlyMap<string, number>
  readonly release: () => void
}

/**
 * Makes sure that every file that a snapshot reaches is what its manifests say. Gives what compares the points of the
 * views that are opened of it with what they should be.
 * @throws segment-corrupt naming the damaged files, cancelled, snapshot-not-found
 */
export async function verifiedForRestore(
  engine: Engine,
  snapshot: Snapshot,
  options: RestoreVerifyOptions,
): Promise<(views: ReadonlyMap<string, View>) => void> {
  checkMembers(options, ofRestoreVerify, { cannot: 'Cannot restore the snapshot', of: 'verify' })
  const files = await openReached(engine, snapshot.id, options.trustUnchanged === true)
  try {
    checkReport(engine, snapshot.name, await verifyReached(engine, snapshot.id, files, options))
  } finally {
    files.release()
  }
  return (views) => {
    for (const [id, view] of views) checkCount(snapshot.name, view.pointCount(), files.pointCounts.get(id))
  }
}

async function openReached(engine: Engine, id: string, mayBeUnsealed: boolean): Promise<ReachedFiles> {
  const { views } = engine.parts.catalog.getSnapshot(id)
  if (mayBeUnsealed && views !== undefined) {
    const plan = planOfViews(views.values())
    const pointCounts = new Map([...views].map(([collection, view]) => [collection, view.pointCount()]))
    return { plan, isSealed: false, pointCounts, release: engine.parts.pins.pin(segmentsOf(plan)) }
  }
  const { plan, release } = await openSealedFiles(engine, id)
  const pointCounts = new Map(plan.contents.map(({ stored, pointCount }) => [stored.collection, pointCount]))
  return { plan, isSealed: true, pointCounts, release }
}

async function verifyReached(
  engine: Engine,
  id: string,
  { plan, isSealed }: ReachedFiles,
  options: RestoreVerifyOptions,
): Promise<VerifyReport> {
  const known = options.trustUnchanged === true ? await knownFiles(engine, plan) : new Set<string>()
  options.onStart?.({ bytes: bytesToRead(engine, plan, known) })
  const source = { ...sourceOf(engine, options.signal), known }
  const report = await runVerification(source, plan, options)
  // That all is well is claimed only by who has read all, and that of a snapshot's own files.
  if (engine.isOpen && isSealed && (known.size === 0 || !report.ok))
    await leaveMark(engine, id, report, report.bytes)
  return report
}

async function knownFiles(engine: Engine, { files }: VerifyPlan): Promise<ReadonlySet<string>> {
  const { verified } = engine.parts
  const known = await allEnded(
    files.map(async ({ key, bytes, sha256 }) =>
      sha256 !== undefined && (await verified.isKnown(key, { bytes, sha256 })) ? [key] : [],
    ),
  )
  return new Set(known.flat())
}

function bytesToRead(engine: Engine, { files, contents }: VerifyPlan, known: ReadonlySet<string>): number {
  const { registry } = engine.parts
  const unread = files.filter(({ key, sha256 }) => sha256 !== undefined && !known.has(key))
  const segments = contents.flatMap(({ stored }) => stored.segments.filter(({ id }) => !registry.has(id)))
  return sum(unread) + sum(segments.flatMap((segment) => segment.files))
}

const sum = (files: readonly { readonly bytes: number }[]): number =>
  files.reduce((total, { bytes }) => total + bytes, 0)

function checkReport(engine: Engine, snapshot: string, { ok, problems, resumeFrom }: VerifyReport): void {
  if (resumeFrom !== undefined) {
    engine.checkOpen()
    throw new DatabaseError('cancelled', `Cannot restore snapshot "${snapshot}": it was cancelled`)
  }
  if (ok) return
  const [first] = problems
  const more = problems.length > 1 ? `, and ${problems.length - 1} more files are damaged` : ''
  const text = `Cannot restore snapshot "${snapshot}": ${first!.file}: ${first!.why}${more}`
  throw new DatabaseError('segment-corrupt', text, { key: first!.file, problems: problems.length })
}

function checkCount(snapshot: string, found: number, expected: number | undefined): void {
  if (found === expected) return
  const text = `Cannot restore snapshot "${snapshot}": it has ${found} points, its manifest says ${String(expected)}`
  throw new DatabaseError('manifest-corrupt', text, { expected, actual: found })
}
