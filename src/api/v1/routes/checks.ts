import { z } from 'zod'
import { getSnapshot } from '../find-snapshot.ts'
import { accepted, defineRoute, ok, type Route } from '../route.ts'
import { jobAnswers } from '../schemas/jobs.ts'
import { snapshotParam } from '../schemas/snapshots.ts'
import { defined, waitQuery } from '../schemas/values.ts'
import { startJob } from '../start-job.ts'

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

const drill = defineRoute({
  id: 'drillSnapshot',
  method: 'POST',
  path: '/snapshots/{snapshot}/drill',
  tag,
  summary:
    'Restore a snapshot aside, count, compare the content, search known vectors, and remove it again, as a job',
  description:
    'The result: `{ok, problems: [{file, why}], collections: [{name, pointCount, contentHash, searches}], bytes, durationMs}`. The snapshot keeps the outcome in `drilled`. While it runs, the copy takes as much memory as the collection.',
  params,
  query,
  body: z.strictObject({
    searches: z.int().nonnegative().optional().meta({
      description: 'How many points of each collection are searched by their own vectors. Default 10.',
    }),
  }),
  example: { searches: 20 },
  answers: jobAnswers,
  handle: async (door, { params, query, body }) => {
    const snapshot = getSnapshot(door.database, params.snapshot)
    const input = { snapshot: snapshot.id, ...defined(body) }
    return startJob(door, { kind: 'drill', input, wait: query.wait }, (context) =>
      snapshot.drill({
        ...defined(body),
        signal: context.signal,
        onProgress: ({ bytes, totalBytes }) => context.progress(bytes, totalBytes, 'bytes'),
      }),
    )
  },
})

export const checkRoutes: readonly Route[] = [verify, drill]
