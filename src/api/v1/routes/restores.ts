import { z } from 'zod'
import type { Database, JsonObject } from '../../../index.ts'
import { getSnapshot } from '../find-snapshot.ts'
import { answers, created, defineRoute, ok, type Route } from '../route.ts'
import { collectionSchema, nameParam, referenceParam } from '../schemas/collections.ts'
import { snapshotParam, snapshotSchema } from '../schemas/snapshots.ts'
import { jobAnswers } from '../schemas/jobs.ts'
import { partialBody } from '../schemas/partial.ts'
import { defined, waitQuery } from '../schemas/values.ts'
import { startJob } from '../start-job.ts'

const tag = 'restores'
const undoName = z
  .string()
  .optional()
  .meta({ description: 'Name of the snapshot that keeps what is replaced.' })

const clone = defineRoute({
  id: 'cloneCollection',
  method: 'POST',
  path: '/collections/{reference}/clone',
  tag,
  summary: 'A writable copy of what a collection is or was, at the cost of a manifest',
  params: z.strictObject(referenceParam),
  body: z.strictObject({ as: z.string().meta({ description: 'Name of the new collection.' }) }),
  example: { as: 'plants-copy' },
  answers: answers(collectionSchema, 'The new collection.', 201),
  handle: async ({ database }, { params, body }) =>
    created((await database.clone(params.reference, body.as)).info()),
})

const rollback = defineRoute({
  id: 'rollbackCollection',
  method: 'POST',
  path: '/collections/{name}/rollback',
  tag,
  summary: 'In place, at once, what a collection was at a snapshot or a moment',
  description:
    'What it was before is kept as the snapshot in `undo`: a rollback to that undoes this one. Readers see the old or the new state. Writes acknowledged before are in `undo`, later ones apply to the new state.',
  params: z.strictObject(nameParam),
  body: z.strictObject({
    to: z.string().min(1).meta({ description: "A snapshot's name or id, an RFC 3339 time, or `seq:<n>`." }),
    undoName,
  }),
  example: { to: 'first-frost' },
  answers: answers(z.object({ undo: snapshotSchema }), 'What was replaced.'),
  handle: async ({ database }, { params, body: { to, ...options } }) => {
    const undo = await database.rollback(params.name, to, defined(options))
    return ok({ undo: undo.info() })
  },
})

const restore = defineRoute({
  id: 'restoreSnapshot',
  method: 'POST',
  path: '/snapshots/{snapshot}/restore',
  tag,
  summary: 'One, some or all collections of a snapshot, under their own or other names: all of them or none',
  params: z.strictObject(snapshotParam),
  body: z.strictObject({
    collections: z.record(z.string(), z.string()).optional().meta({
      description: "Target name by the collection's name in the snapshot; left out: all under their own.",
    }),
    replace: z
      .boolean()
      .optional()
      .meta({ description: 'Collections of these names are replaced in place. Default false.' }),
    aliases: z
      .boolean()
      .optional()
      .meta({ description: 'Restores the aliases of these collections too. Default false.' }),
    undoName,
  }),
  example: { collections: { plants: 'plants-then' } },
  answers: answers(
    z.object({ collections: z.array(collectionSchema), undo: snapshotSchema.nullable() }),
    'The collections, and what they replaced.',
  ),
  handle: async ({ database }, { params, body }) => {
    const { collections, undo } = await restoreAll(database, params.snapshot, defined(body))
    return ok({ collections: collections.map((collection) => collection.info()), undo: undo?.info() ?? null })
  },
})

const partial = defineRoute({
  id: 'restorePartially',
  method: 'POST',
  path: '/collections/{reference}/restore-partial',
  tag,
  summary: 'A new collection with a part of what a collection is or was, changed on the way, as a job',
  description:
    'Everything that can be wrong is found before the first row is read; the collection appears completely or not at all. The result is `{collection, pointCount}`.',
  params: z.strictObject(referenceParam),
  query: z.strictObject(waitQuery),
  body: partialBody,
  example: {
    as: 'mosses',
    filter: { must: [{ kind: 'field', path: 'kind', match: { value: 'moss' } }] },
    payload: { exclude: ['notes'] },
    shardNumber: 2,
  },
  answers: jobAnswers,
  handle: async (door, { params, query, body }) => {
    const { database } = door
    // What was given, for whoever lists the jobs.
    const input = { reference: params.reference, ...(body as unknown as JsonObject) }
    return startJob(door, { kind: 'restore-partial', input, wait: query.wait }, async (context) => {
      const collection = await database.restorePartial(params.reference, {
        ...defined(body),
        signal: context.signal,
        onProgress: ({ rows, total }) => context.progress(rows, total, 'points'),
      })
      const { name, pointCount } = collection.info()
      return { collection: name, pointCount }
    })
  },
})

function restoreAll(
  database: Database,
  snapshot: string,
  options: Parameters<Database['restoreAll']>[1],
): ReturnType<Database['restoreAll']> {
  return database.restoreAll(getSnapshot(database, snapshot), options)
}

export const restoreRoutes: readonly Route[] = [restore, clone, rollback, partial]
