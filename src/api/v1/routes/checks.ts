import { z } from 'zod'
import { getSnapshot } from '../find-snapshot.ts'
import { accepted, defineRoute, ok, type Route } from '../route.ts'
import { jobAnswers } from '../schemas/jobs.ts'
import { snapshotParam } from '../schemas/snapshots.ts'
import { defined, waitQuery } from '../schemas/values.ts'

const tag = 'checks'
const params = z.strictObject(snapshotParam)
const query = z.strictObject(waitQuery)

const verify = defineRoute({
  id: 'verifySnapshot',
  method: 'POST',
  path: '/snapshots/{snapshot}/verify',
  tag,
  summary: 'Read and hash every byte that a snapshot reaches, as a job',
  description:
    'The result names everything that is wrong: `{ok, problems: [{file, why}], files, bytes, durationMs}`. The job goes on after a restart, where it was; the snapshot keeps the outcome in `verified`.',
  params,
  query,
  body: z.strictObject({
    bytesPerSecond: z.number().positive().optional().meta({ description: 'Reads no faster.' }),
  }),
  example: { bytesPerSecond: 100_000_000 },
  answers: jobAnswers,
  handle: async ({ database }, { params, query, body }) => {
    const job = database.startVerify(getSnapshot(database, params.snapshot), defined(body))
    // Its end is told by the job itself.
    job.result.catch(() => undefined)
    return query.wait === true ? ok(await database.jobs.wait(job.id)) : accepted(job.info())
  },
})

export const checkRoutes: readonly Route[] = [verify]
