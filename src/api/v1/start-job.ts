import type { JobContext, JsonValue } from '../../index.ts'
import { accepted, ok, type Answered, type V1Door } from './route.ts'

/** Starts a job and answers with it: at once, or with `wait` when it has ended. The client may go away meanwhile. */
export async function startJob(
  { database }: V1Door,
  {
    kind,
    input,
    wait,
  }: { readonly kind: string; readonly input: JsonValue; readonly wait: boolean | undefined },
  run: (context: JobContext) => Promise<unknown>,
): Promise<Answered> {
  const job = database.jobs.start(kind, input, run)
  // Its end is told by the job itself.
  job.result.catch(() => undefined)
  if (wait !== true) return accepted(job.info())
  return ok(await database.jobs.wait(job.id))
}
