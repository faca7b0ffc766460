import { z } from 'zod'
import { time } from './values.ts'

export const jobStateSchema = z.enum(['running', 'completed', 'failed', 'cancelled'])

export const jobSchema = z
  .object({
    id: z.string(),
    kind: z.string(),
    input: z.unknown().meta({ description: 'What it was started with.' }),
    state: jobStateSchema,
    reason: z.string().nullable().meta({ description: 'Why it failed or was cancelled.' }),
    code: z.string().nullable().meta({ description: 'The error code of the reason.' }),
    attempt: z.int().meta({ description: 'One more each time that a restarted server went on with it.' }),
    createdAt: time,
    startedAt: time,
    finishedAt: time.nullable(),
    done: z.number(),
    total: z.number().nullable().meta({ description: 'Null: unknown.' }),
    unit: z.string().meta({ description: 'What is counted, such as `bytes`.' }),
    ratePerSecond: z.number().nullable(),
    etaMs: z.number().nullable(),
    result: z.unknown().meta({ description: 'What it gave; null until it has completed.' }),
  })
  .meta({ id: 'Job' })

/** Answers of a route that starts a job. */
export const jobAnswers = {
  202: { description: 'The job, which has been started.', schema: jobSchema },
  200: {
    description: 'With `wait=true`: the job, which has ended; its `state` says how.',
    schema: jobSchema,
  },
}
