import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { sendArchive } from '../../http/send-archive.ts'
import { sendExport } from '../../http/send-export.ts'
import {
  DatabaseError,
  type Archive,
  type Database,
  type JobContext,
  type QdrantExport,
  type RestoreStoreOptions,
  type Snapshot,
} from '../../../index.ts'
import { getSnapshot } from '../find-snapshot.ts'
import { created, defineRoute, type Route, type V1Door } from '../route.ts'
import { exportHeaders, importHeaders, pemOf, secretOf } from '../schemas/archives.ts'
import { collectionSchema, referenceParam } from '../schemas/collections.ts'
import { jobSchema } from '../schemas/jobs.ts'
import { snapshotParam } from '../schemas/snapshots.ts'

const tag = 'archives'

const partitionParam = z.string().optional().meta({
  description: 'With `qdrant`: the partition that goes into it, needed where several have points.',
})

const download = defineRoute({
  id: 'downloadArchive',
  method: 'GET',
  path: '/snapshots/{snapshot}/archive',
  tag,
  summary: 'A snapshot as one file, made while it is read',
  description:
    'The same bytes at every call: `Range` with `If-Range` (the `ETag` of the first answer) goes on with a download that was cut off.',
  params: z.strictObject(snapshotParam),
  query: z.strictObject({
    since: z
      .string()
      .optional()
      .meta({ description: 'Leaves out the files that the reader has already: those of this snapshot.' }),
    format: z.enum(['stillpoint', 'qdrant']).optional().meta({
      description:
        '`qdrant`: one that a Qdrant 1.19 loads; without ranges, keys and `since`. Default `stillpoint`.',
    }),
    collection: z.string().optional().meta({
      description: 'With `qdrant`: which collection, where the snapshot holds several.',
    }),
    partition: partitionParam,
  }),
  headers: exportHeaders,
  answerType: 'application/octet-stream',
  answers: {
    200: { description: 'The archive.' },
    206: { description: 'The range that was asked for.' },
    304: { description: 'It is what If-None-Match says.' },
    412: { description: 'It is not what If-Match says.' },
    416: { description: 'The archive has no such range.' },
  },
  handle: async (door, { params, query, headers, signal }, { request, reply }) => {
    const { database } = door
    const snapshot = getSnapshot(database, params.snapshot)
    if (query.format === 'qdrant') {
      refuseOthers({ ...headers, since: query.since })
      const { name } = snapshot.resolve(query.collection)
      const wanted = { reference: `${name}@${snapshot.id}`, partition: query.partition, signal }
      return sendExport(reply, `${snapshot.name}.snapshot`, await exportOf(door, wanted))
    }
    refuseOthers({ collection: query.collection, partition: query.partition })
    const since = query.since === undefined ? undefined : getSnapshot(database, query.since).id
    const encrypt = secretOf(headers)
    const sign = headers['archive-signing-key']
    const archive = await snapshot.archive({
      ...(since === undefined ? {} : { since }),
      ...(encrypt === undefined ? {} : { encrypt }),
      ...(sign === undefined ? {} : { sign: pemOf('PRIVATE KEY', sign) }),
    })
    const { name, createdAt } = snapshot.info()
    return sendArchive(request, reply, {
      name: `${name}.snapshot`,
      createdAt,
      bytes: archive.bytes,
      etag: await etagOf(snapshot, archive, since),
      stream: (range) => archive.stream(range),
      close: () => archive.close(),
    })
  },
})

const downloadCollection = defineRoute({
  id: 'exportCollection',
  method: 'GET',
  path: '/collections/{reference}/archive',
  tag,
  summary: 'A collection as an archive of another database, made while it is read',
  description:
    'One moment, whatever is written meanwhile; no snapshot is made. `stillpoint-points` says how many points are in it.',
  params: z.strictObject(referenceParam),
  query: z.strictObject({
    format: z.literal('qdrant').meta({ description: 'Of a collection, for a Qdrant 1.19.' }),
    partition: partitionParam,
  }),
  answerType: 'application/octet-stream',
  answers: { 200: { description: 'The archive.' } },
  handle: async (door, { params: { reference }, query: { partition }, signal }, { reply }) => {
    const archive = await exportOf(door, { reference, partition, signal })
    return sendExport(reply, `${reference}.snapshot`, archive)
  },
})

interface Wanted {
  readonly reference: string
  readonly partition: string | undefined
  readonly signal: AbortSignal
}

function exportOf(
  { database, qdrantSettings: settings }: V1Door,
  { reference, partition, signal }: Wanted,
): Promise<QdrantExport> {
  const part = partition === undefined ? {} : { partition }
  return database.exportForQdrant(reference, { settings, signal, ...part })
}

/** What says nothing of the format that is asked for. @throws request-invalid */
function refuseOthers(parameters: Readonly<Record<string, string | undefined>>): void {
  const [name] = Object.entries(parameters).find(([, value]) => value !== undefined) ?? []
  if (name === undefined) return
  const text = `Cannot make this archive: ${name} does not go with the format that is asked for`
  throw new DatabaseError('request-invalid', text, { name })
}

/** Of what decides the bytes. The first ones tell encrypted archives apart, by their salt, and nothing of the secret. */
async function etagOf(snapshot: Snapshot, archive: Archive, since: string | undefined): Promise<string> {
  const { id, name, labels, description, reason } = snapshot.info()
  const hash = createHash('sha256')
  hash.update(JSON.stringify([id, name, labels, description, reason, archive.bytes, since ?? null]))
  try {
    for await (const chunk of archive.stream({ length: Math.min(4096, archive.bytes) })) hash.update(chunk)
  } catch (error) {
    archive.close()
    throw error
  }
  return hash.digest('hex').slice(0, 32)
}

const upload = defineRoute({
  id: 'importArchive',
  method: 'POST',
  path: '/archives',
  tag,
  summary: 'Restore an archive that is sent as the body: whole or not at all',
  description:
    'It is a job while it lasts, so it can be watched and cancelled; the answer comes when it has ended.',
  query: z.strictObject({
    into: z.string().optional().meta({
      description: 'Name of the collection; left out: every collection and alias of a store archive.',
    }),
    replace: z
      .boolean()
      .optional()
      .meta({ description: 'Replaces what has the name, in place. Default false.' }),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hexadecimal digits')
      .optional()
      .meta({ description: 'What the hash of the whole archive must be.' }),
  }),
  headers: importHeaders,
  takesBytes: true,
  answers: {
    201: {
      description: 'The collections, and the job that restored them.',
      schema: z.object({ job: jobSchema, collections: z.array(collectionSchema) }),
    },
  },
  handle: async ({ database }, { query, headers }, { request }) => {
    const { into, replace, sha256 } = query
    const decrypt = secretOf(headers)
    const options: RestoreStoreOptions = {
      ...(replace === undefined ? {} : { replace }),
      ...(sha256 === undefined ? {} : { sha256: sha256.toLowerCase() }),
      ...(decrypt === undefined ? {} : { decrypt }),
      ...trustOf(headers),
    }
    const job = database.jobs.start('import', { into: into ?? null }, (context) =>
      importArchive(database, request, into, options, context),
    )
    try {
      const { restored } = await job.result
      // Somebody may have dropped one of them since.
      const collections = restored.flatMap((name) => database.findCollection(name)?.info() ?? [])
      return created({ job: job.info(), collections })
    } catch (error) {
      drain(request)
      throw error
    }
  },
})

/** Undefined stays undefined: an empty list trusts nobody. */
export function trustOf(headers: z.output<typeof importHeaders>): Pick<RestoreStoreOptions, 'trustedKeys'> {
  const keys = headers['archive-trusted-keys']
  if (keys === undefined) return {}
  return { trustedKeys: keys.split(',').map((key) => pemOf('PUBLIC KEY', key.trim())) }
}

async function importArchive(
  database: Database,
  request: FastifyRequest,
  into: string | undefined,
  options: RestoreStoreOptions,
  context: JobContext,
): Promise<{ readonly restored: readonly string[] }> {
  const length = Number(request.headers['content-length'])
  const total = Number.isSafeInteger(length) && length > 0 ? length : null
  const names: string[] = []
  const watched: RestoreStoreOptions = {
    ...options,
    signal: context.signal,
    onProgress: ({ bytes }) => context.progress(bytes, total, 'bytes'),
    check: ({ collections }) => names.push(...collections.map(({ name }) => name)),
  }
  const bytes = bodyOf(request)
  if (into === undefined) await database.restoreStoreArchive(bytes, watched)
  else await database.restoreArchive(bytes, { ...watched, into })
  return { restored: into === undefined ? names : [into] }
}

/** A connection that ends early is a fault of the request, not the end of the archive. */
async function* bodyOf({ raw }: FastifyRequest): AsyncIterable<Uint8Array> {
  try {
    // Destroying the request would cut the connection before the answer.
    yield* raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
  } catch (error) {
    const text = 'Cannot read the archive: the connection ended before the archive did'
    throw new DatabaseError('archive-invalid', text, {}, error)
  }
}

/** What is left of a refused archive is read and dropped up to here, so that the client gets to read the answer. */
const drainedBytesMax = 64 * 2 ** 20

function drain(request: FastifyRequest): void {
  const { raw } = request
  let bytes = 0
  raw
    .on('error', () => undefined)
    .on('data', (chunk: Uint8Array) => {
      bytes += chunk.byteLength
      if (bytes > drainedBytesMax) raw.destroy()
    })
}

export const archiveRoutes: readonly Route[] = [download, downloadCollection, upload]
