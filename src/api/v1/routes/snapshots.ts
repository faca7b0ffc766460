import { z } from 'zod'
import { getSnapshot } from '../find-snapshot.ts'
import { answers, answersNothing, created, defineRoute, noContent, ok, type Route } from '../route.ts'
import {
  createSnapshotBody,
  holdInput,
  holdSchema,
  snapshotPage,
  snapshotParam,
  snapshotQuery,
  snapshotSchema,
  updateSnapshotBody,
} from '../schemas/snapshots.ts'
import { defined } from '../schemas/values.ts'

const tag = 'snapshots'
const params = z.strictObject(snapshotParam)

const list = defineRoute({
  id: 'listSnapshots',
  method: 'GET',
  path: '/snapshots',
  tag,
  summary: 'Snapshots, filtered, sorted, in pages',
  query: snapshotQuery,
  answers: answers(snapshotPage, 'A page of snapshots.'),
  handle: async ({ database }, { query: { label, ...query } }) => {
    const labels = (label ?? []).map((text): [string, string] => {
      const at = text.indexOf('=')
      return [text.slice(0, at), text.slice(at + 1)]
    })
    const filter = labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }
    const { snapshots, next } = database.querySnapshots({ ...defined(query), ...filter })
    return ok({ snapshots: snapshots.map((snapshot) => snapshot.info()), next: next ?? null })
  },
})

const create = defineRoute({
  id: 'createSnapshot',
  method: 'POST',
  path: '/snapshots',
  tag,
  summary:
    'Take a snapshot of one collection or shard, of several collections in one cut, or of the whole store',
  body: createSnapshotBody,
  example: {
    collections: ['plants'],
    name: 'first-frost',
    labels: { season: 'autumn' },
    hold: { reason: 'audit' },
  },
  answers: answers(snapshotSchema, 'The snapshot; every write acknowledged before is in it.', 201),
  handle: async ({ database }, { body: { hold, ...body } }) => {
    const options = { ...defined(body), ...(hold === undefined ? {} : { hold: defined(hold) }) }
    return created((await database.createSnapshot(options)).info())
  },
})

const show = defineRoute({
  id: 'getSnapshot',
  method: 'GET',
  path: '/snapshots/{snapshot}',
  tag,
  summary: 'One snapshot',
  params,
  answers: answers(snapshotSchema, 'The snapshot.'),
  handle: async ({ database }, { params }) => ok(getSnapshot(database, params.snapshot).info()),
})

const update = defineRoute({
  id: 'updateSnapshot',
  method: 'PATCH',
  path: '/snapshots/{snapshot}',
  tag,
  summary: 'Change its name, labels, description or reason; its content never changes',
  params,
  body: updateSnapshotBody,
  example: { labels: { season: 'winter' }, description: 'before the move' },
  answers: answers(snapshotSchema, 'The snapshot as it is now.'),
  handle: async ({ database }, { params, body }) => {
    const snapshot = getSnapshot(database, params.snapshot)
    await snapshot.update(defined(body))
    return ok(snapshot.info())
  },
})

const remove = defineRoute({
  id: 'deleteSnapshot',
  method: 'DELETE',
  path: '/snapshots/{snapshot}',
  tag,
  summary: 'Delete a snapshot that nothing holds',
  params,
  answers: answersNothing,
  handle: async ({ database }, { params }) => {
    await getSnapshot(database, params.snapshot).delete()
    return noContent
  },
})

const hold = defineRoute({
  id: 'holdSnapshot',
  method: 'POST',
  path: '/snapshots/{snapshot}/holds',
  tag,
  summary: 'Keep a snapshot from being deleted, until a time or until the hold is released',
  params,
  body: holdInput,
  example: { until: '2031-01-01T00:00:00Z', reason: 'kept for the auditors' },
  answers: answers(holdSchema, 'The hold.', 201),
  handle: async ({ database }, { params, body }) =>
    created(await getSnapshot(database, params.snapshot).hold(defined(body))),
})

const release = defineRoute({
  id: 'releaseHold',
  method: 'DELETE',
  path: '/snapshots/{snapshot}/holds/{hold}',
  tag,
  summary: 'Release a hold',
  params: params.extend({ hold: z.string() }),
  answers: answersNothing,
  handle: async ({ database }, { params }) => {
    await getSnapshot(database, params.snapshot).releaseHold(params.hold)
    return noContent
  },
})

export const snapshotRoutes: readonly Route[] = [list, create, show, update, remove, hold, release]
