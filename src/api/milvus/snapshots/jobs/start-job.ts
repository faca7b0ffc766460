import type { JobContext, JsonValue } from '../../../../index.ts'
import type { MilvusDoor } from '../../door.ts'
import { sweepDropped } from '../dropped-collections.ts'
import { releaseForJob } from './job-holds.ts'
import { jobNumber, receiptOf, type ExportInput, type RestoreInput } from './job-input.ts'

/** @param takesLong to be called before anything whose time grows with the data */
type Work = (door: MilvusDoor, input: never, context: JobContext, takesLong: () => void) => Promise<unknown>

export interface StartedJob {
  readonly number: bigint
  /** Comes with its end, unless it takes long: then before. */
  readonly settled: Promise<void>
}

/** Gives a job once it is durable: from then on it is found, also after a crash. */
export async function startJob(
  door: MilvusDoor,
  kind: string,
  input: RestoreInput | ExportInput,
  work: Work,
): Promise<StartedJob> {
  const begun = new Signal()
  const long = new Signal()
  try {
    const job = door.database.jobs.start(kind, input as unknown as JsonValue, (context) => {
      begun.give()
      return runJob(door, input, context, work, long.give)
    })
    // Its end is told by the job itself; here only a record that could not be written counts.
    await Promise.race([begun.given, job.result])
    const ended = job.result.then(
      () => undefined,
      () => undefined,
    )
    return { number: jobNumber(job), settled: Promise.race([long.given, ended]) }
  } catch (error) {
    await letGo(door, input)
    throw error
  }
}

/** Makes a kind go on after a restart. */
export function registerJob(door: MilvusDoor, kind: string, work: Work): void {
  door.database.jobs.register(kind, {
    resume: (input, context) =>
      runJob(door, input as unknown as RestoreInput | ExportInput, context, work, () => undefined),
  })
}

async function runJob(
  door: MilvusDoor,
  input: RestoreInput | ExportInput,
  context: JobContext,
  work: Work,
  takesLong: () => void,
): Promise<unknown> {
  tidyUpAfter(door, context.id).catch((error: unknown) =>
    // Whoever lists or drops a snapshot next does it, or the next start.
    door.logger.info('cannot tidy up after a job', { id: context.id, error: String(error) }),
  )
  try {
    return await work(door, input as never, context, takesLong)
  } finally {
    // One that is stopped may go on when the database is opened again, and needs its hold then.
    if (!context.signal.aborted) await letGo(door, input)
  }
}

async function letGo(door: MilvusDoor, { from }: RestoreInput | ExportInput): Promise<void> {
  if (!('snapshot' in from)) return
  try {
    await releaseForJob(door, from)
  } catch (error) {
    // The hold expires by itself, and whoever drops the snapshot releases it before that.
    door.logger.error('cannot release a snapshot', { ...from, error: String(error) })
  }
}

/** What needs the job's end to be durable: until then a receipt tells of it, and its snapshot is in use. */
async function tidyUpAfter(door: MilvusDoor, id: string): Promise<void> {
  const { state } = await door.database.jobs.wait(id)
  if (state === 'cancelled') return
  if (state === 'completed') await door.database.documents.delete(receiptOf({ id }))
  await sweepDropped(door)
}

class Signal {
  readonly given: Promise<void>
  give = (): void => undefined

  constructor() {
    this.given = new Promise((resolve) => (this.give = resolve))
  }
}
