import { z } from 'zod'
import type { Clock } from '../../../runtime/clock.ts'
import { answers, defineRoute, ok, type Route } from '../route.ts'
import { jobSchema, jobStateSchema } from '../schemas/jobs.ts'
import { defined } from '../schemas/values.ts'

const tag = 'jobs'
const params = z.strictObject({ job: z.string() })
const waitMsMax = 30_000

const list = defineRoute({
  id: 'listJobs',
  method: 'GET',
  path: '/jobs',
  tag,
  summary: 'Long work: what runs and the last 200 that ended, newest first',
  query: z.strictObject({ state: jobStateSchema.optional(), kind: z.string().optional() }),
  answers: answers(z.object({ jobs: z.array(jobSchema) }), 'The jobs.'),
  handle: async ({ database }, { query }) => ok({ jobs: database.jobs.list(defined(query)) }),
})

const show = defineRoute({
  id: 'getJob',
  method: 'GET',
  path: '/jobs/{job}',
  tag,
  summary: 'One job, now or when it has ended',
  params,
  query: z.strictObject({
    waitMs: z
      .int()
      .min(0)
      .max(waitMsMax)
      .optional()
      .meta({ description: 'Answers when it has ended, or after so many milliseconds. Default 0.' }),
  }),
  answers: answers(jobSchema, 'The job.'),
  handle: async ({ database, clock }, { params, query, signal }) => {
    const { state } = database.jobs.get(params.job)
    if (state === 'running') await endOrTime(database.jobs.wait(params.job), clock, query.waitMs ?? 0, signal)
    return ok(database.jobs.get(params.job))
  },
})

const cancel = defineRoute({
  id: 'cancelJob',
  method: 'POST',
  path: '/jobs/{job}/cancel',
  tag,
  summary: 'Ask a job to stop',
  params,
  answers: answers(jobSchema, 'The job; it is `cancelled` as soon as it has stopped.'),
  handle: async ({ database }, { params }) => {
    database.jobs.cancel(params.job)
    return ok(database.jobs.get(params.job))
  },
})

async function endOrTime(
  end: Promise<unknown>,
  clock: Clock,
  delayMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (delayMs === 0) return
  await new Promise<void>((resolve, reject) => {
    const timer = clock.after(delayMs, resolve)
    const stop = () => {
      timer.cancel()
      resolve()
    }
    signal.addEventListener('abort', stop, { once: true })
    // A fault of our own that comes after the answer must not be lost.
    void end.then(stop, (error: unknown) => {
      reject(error)
      throw error
    })
  })
}

export const jobRoutes: readonly Route[] = [list, show, cancel]
