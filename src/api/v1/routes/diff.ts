import { Readable } from 'node:stream'
import { z } from 'zod'
import { diffLines, type Diff } from '../../../index.ts'
import { defineRoute, type Route } from '../route.ts'
import { seq } from '../schemas/values.ts'

const side = z.object({ reference: z.string(), seq })

const countsLine = z
  .object({
    from: side,
    to: side,
    counts: z.object({ added: z.int(), removed: z.int(), changed: z.int(), unchanged: z.int() }),
    rowsCompared: z.int(),
  })
  .meta({
    id: 'DiffCounts',
    description: 'The first line; one for each point that differs follows (docs/diff.md).',
  })

const reference = z
  .string()
  .min(1)
  .meta({ description: 'A collection, or `<collection>@<snapshot>`, `…@<RFC 3339 time>`, `…@seq:<n>`.' })

const diff = defineRoute({
  id: 'diff',
  method: 'GET',
  path: '/diff',
  tag: 'diff',
  summary:
    'What differs between two moments, as lines of JSON: the counts first, then each point that differs',
  query: z.strictObject({
    from: reference,
    to: reference,
    points: z
      .boolean()
      .optional()
      .meta({ description: 'Vectors and payload from before and after. Default false.' }),
    countsOnly: z.boolean().optional().meta({ description: 'Only the first line. Default false.' }),
  }),
  answerType: 'application/x-ndjson',
  answers: { 200: { description: 'The lines.', schema: countsLine } },
  handle: async ({ database }, { query, signal }, { reply }) => {
    const found = await database.diff(query.from, query.to, { signal })
    const lines = linesOf(found, { withPoints: query.points === true, countsOnly: query.countsOnly === true })
    const body = Readable.from(lines).once('close', () => found.close())
    return reply.header('content-type', 'application/x-ndjson').send(body)
  },
})

async function* linesOf(
  found: Diff,
  { withPoints, countsOnly }: { readonly withPoints: boolean; readonly countsOnly: boolean },
): AsyncIterable<string> {
  for await (const line of diffLines(found, { withPoints })) {
    yield line
    if (countsOnly) return
  }
}

export const diffRoutes: readonly Route[] = [diff]
