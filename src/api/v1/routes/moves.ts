import { z } from 'zod'
import { DatabaseError } from '../../../index.ts'
import { accepted, answers, answersNothing, defineRoute, noContent, ok, type Route } from '../route.ts'
import { jobAnswers } from '../schemas/jobs.ts'
import { defined, waitQuery } from '../schemas/values.ts'

const tag = 'imports'

const requestSchema = z.strictObject({
  url: z.string().meta({ description: 'Of the Qdrant server: scheme, host, port, perhaps a path.' }),
  collections: z.record(z.string(), z.string()).optional().meta({
    description: 'Name here by name there. Default: every collection, under its own name.',
  }),
  replace: z.boolean().optional().meta({
    description:
      'Replaces collections and aliases of these names; a snapshot keeps what collections were. Default false: they are refused.',
  }),
  aliases: z
    .boolean()
    .optional()
    .meta({ description: 'Aliases of what is copied come with it. Default true.' }),
  parallel: z.int().min(1).max(32).optional().meta({ description: 'Requests under way. Default 4.' }),
  compare: z.boolean().optional().meta({
    description: 'Reads the source a second time and compares it point by point. Default true.',
  }),
  snapshot: z.boolean().optional().meta({
    description:
      'The source makes a snapshot of each collection, which is read instead and deleted there: one moment, and nothing to compare. Needs a key that may write. Default false.',
  }),
})

const start = defineRoute({
  id: 'importFromQdrant',
  method: 'POST',
  path: '/imports/qdrant',
  tag,
  summary: 'Copy collections of a running Qdrant server',
  description:
    'Starts a job of the kind `import-qdrant`. Its result: `{collections: [{source, name, pointCount, sourcePointCount, contentHash, isIdentical, changedPoints}], aliases, undo}`. Collections and aliases appear at the end, all at once. One that is interrupted goes on where it was: after a restart by itself if no key is needed, else when the same is asked for again. One that is cancelled leaves nothing. The server obeys its rules for downloads (docs/configuration.md).',
  headers: z.object({
    'source-api-key': z
      .string()
      .optional()
      .meta({ description: 'Key of the source; kept in memory only. A read-only one will do.' }),
  }),
  query: z.strictObject(waitQuery),
  body: requestSchema,
  example: { url: 'http://127.0.0.1:6333', collections: { plants: 'plants' } },
  answers: jobAnswers,
  handle: async ({ database, moves }, { body, headers, query }) => {
    const { url, ...rest } = body
    const job = moves.start({ url, ...defined(rest) }, headers['source-api-key'])
    // Its end is told by the job itself.
    job.result.catch(() => undefined)
    if (query.wait !== true) return accepted(job.info())
    return ok(await database.jobs.wait(job.id))
  },
})

const list = defineRoute({
  id: 'listUnfinishedCopies',
  method: 'GET',
  path: '/imports/qdrant',
  tag,
  summary: 'Copies of Qdrant collections that are not complete',
  answers: answers(
    z.object({
      copies: z.array(
        z.object({
          into: z.string(),
          source: z.string().meta({ description: 'URL.' }),
          collection: z.string(),
          copiedPoints: z.int(),
        }),
      ),
    }),
    'Those under way, and those that go on when the same is asked for again.',
  ),
  handle: async ({ moves }) => ok({ copies: moves.unfinished() }),
})

const discard = defineRoute({
  id: 'discardUnfinishedCopy',
  method: 'DELETE',
  path: '/imports/qdrant/{into}',
  tag,
  summary: 'Give up a copy that is not complete; nothing of it is left',
  params: z.strictObject({ into: z.string() }),
  answers: answersNothing,
  handle: async ({ moves }, { params }) => {
    if (await moves.discard(params.into)) return noContent
    const text = `Cannot discard a copy into "${params.into}": there is none`
    throw new DatabaseError('import-not-found', text, { into: params.into })
  },
})

export const moveRoutes: readonly Route[] = [start, list, discard]
