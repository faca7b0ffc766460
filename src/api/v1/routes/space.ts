import { z } from 'zod'
import { getSnapshot } from '../find-snapshot.ts'
import { answers, defineRoute, ok, type Route } from '../route.ts'
import { snapshotParam } from '../schemas/snapshots.ts'

const tag = 'space'
const bytes = z.int().nonnegative()

const snapshotSpace = z
  .object({
    bytes: bytes.meta({ description: 'Of every object that it refers to.' }),
    exclusiveBytes: bytes.meta({
      description:
        'Of those that nothing else refers to: no other snapshot, no collection, no moment that is kept.',
    }),
    freedByDelete: bytes.meta({
      description: 'What the store has less once it is deleted and garbage is collected.',
    }),
  })
  .meta({ id: 'SnapshotSpace' })

const spaceReport = z
  .object({
    liveBytes: bytes.meta({ description: 'Of what living collections refer to, as far as it is written.' }),
    snapshotBytes: bytes.meta({ description: 'Of every object that some snapshot refers to, each once.' }),
    totalBytes: bytes.meta({
      description: 'Of all of these, and of what the retention window keeps, each once.',
    }),
    snapshots: z.array(z.object({ id: z.string(), name: z.string(), bytes, exclusiveBytes: bytes })),
  })
  .meta({ id: 'Space' })

const report = defineRoute({
  id: 'getSpace',
  method: 'GET',
  path: '/space',
  tag,
  summary: 'What collections and snapshots take of the store; exact',
  answers: answers(spaceReport, 'The report.'),
  handle: async ({ database }) => ok(await database.space()),
})

const ofSnapshot = defineRoute({
  id: 'getSnapshotSpace',
  method: 'GET',
  path: '/snapshots/{snapshot}/space',
  tag,
  summary: 'What one snapshot takes, what it alone holds, and what deleting it would free; exact',
  params: z.strictObject(snapshotParam),
  answers: answers(snapshotSpace, 'What it takes.'),
  handle: async ({ database }, { params }) => ok(await getSnapshot(database, params.snapshot).space()),
})

const freedBy = defineRoute({
  id: 'getSpaceFreedBy',
  method: 'GET',
  path: '/space/freed-by',
  tag,
  summary: 'What deleting exactly these snapshots would free; exact',
  query: z.strictObject({
    snapshot: z
      .array(z.string())
      .min(1)
      .meta({ description: 'As in /v1/snapshots/{snapshot}; may be repeated.' }),
  }),
  answers: answers(z.object({ bytes }), 'What the store has less then.'),
  handle: async ({ database }, { query }) =>
    ok(await database.spaceFreedBy(query.snapshot.map((name) => getSnapshot(database, name).id))),
})

export const spaceRoutes: readonly Route[] = [report, ofSnapshot, freedBy]
