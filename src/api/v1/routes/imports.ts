import { z } from 'zod'
import { DatabaseError, type ArchiveImport, type Database, type ImportInfo } from '../../../index.ts'
import { trustOf } from './archives.ts'
import { answers, answersNothing, created, defineRoute, noContent, ok, type Route } from '../route.ts'
import { importHeaders, secretOf } from '../schemas/archives.ts'
import { collectionSchema } from '../schemas/collections.ts'
import { time } from '../schemas/values.ts'

const tag = 'archives'
const params = z.strictObject({ import: z.string() })

const importSchema = z
  .object({
    id: z.string(),
    state: z.enum(['open', 'completed', 'failed', 'cancelled']),
    into: z.string().nullable().meta({ description: 'Null: a store archive.' }),
    offset: z
      .int()
      .nonnegative()
      .meta({ description: 'Bytes that were received: the next piece begins here.' }),
    expiresAt: time.meta({ description: 'When it is given up, or forgotten, if nothing happens.' }),
    error: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .meta({ description: 'Why it failed.' }),
  })
  .meta({ id: 'Import' })

const list = defineRoute({
  id: 'listImports',
  method: 'GET',
  path: '/imports',
  tag,
  summary: 'Imports that are open, and those that have ended a short time ago',
  answers: answers(z.object({ imports: z.array(importSchema) }), 'The imports.'),
  handle: async ({ database }) => ok({ imports: database.imports.list().map(shown) }),
})

const start = defineRoute({
  id: 'startImport',
  method: 'POST',
  path: '/imports',
  tag,
  summary: 'Begin to restore an archive that comes in pieces, over connections that may break',
  headers: importHeaders,
  body: z.strictObject({
    into: z
      .string()
      .optional()
      .meta({ description: 'Name of the collection; left out for a store archive.' }),
    replace: z
      .boolean()
      .optional()
      .meta({ description: 'Replaces what has the name, in place. Default false.' }),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hexadecimal digits')
      .optional()
      .meta({ description: 'What the hash of the whole archive must be.' }),
    idleMs: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Given up after so long without a piece. Default an hour.' }),
  }),
  example: { into: 'plants' },
  answers: answers(importSchema, 'The import.', 201),
  handle: async ({ database }, { body, headers }) => {
    const { into, replace, sha256, idleMs } = body
    const decrypt = secretOf(headers)
    const names: string[] = []
    const started = database.imports.start({
      ...(into === undefined ? {} : { into }),
      ...(replace === undefined ? {} : { replace }),
      ...(sha256 === undefined ? {} : { sha256: sha256.toLowerCase() }),
      ...(idleMs === undefined ? {} : { idleMs }),
      ...(decrypt === undefined ? {} : { decrypt }),
      ...trustOf(headers),
      check: ({ collections }) =>
        names.push(...(into === undefined ? collections.map(({ name }) => name) : [into])),
    })
    namesOf.set(started, names)
    return created(shown(started.info()))
  },
})

/** What each import restores, as far as its archive has said. */
const namesOf = new WeakMap<ArchiveImport, readonly string[]>()

const show = defineRoute({
  id: 'getImport',
  method: 'GET',
  path: '/imports/{import}',
  tag,
  summary: 'How far an import is',
  params,
  answers: answers(importSchema, 'The import.'),
  handle: async ({ database }, { params }) => ok(shown(database.imports.get(params.import).info())),
})

const write = defineRoute({
  id: 'writeImport',
  method: 'PATCH',
  path: '/imports/{import}',
  tag,
  summary: 'The next piece of the archive',
  description: 'What came of a piece whose connection broke is kept: ask for the offset, and go on there.',
  params,
  query: z.strictObject({ offset: z.int().nonnegative().meta({ description: 'Where the piece begins.' }) }),
  takesBytes: true,
  answers: answers(importSchema, 'The import, with its new offset.'),
  handle: async ({ database }, { params, query }, { request }) => {
    const one = database.imports.get(params.import)
    let { offset } = query
    // Destroying the request would cut the connection before the answer.
    const pieces = request.raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
    try {
      for await (const piece of pieces) offset = await one.write(piece, offset)
    } catch (error) {
      request.raw.resume()
      if (error instanceof DatabaseError) throw error
      throw new DatabaseError(
        'request-invalid',
        'Cannot read the piece: its connection broke',
        { offset },
        error,
      )
    }
    return ok(shown(one.info()))
  },
})

const finish = defineRoute({
  id: 'finishImport',
  method: 'POST',
  path: '/imports/{import}/finish',
  tag,
  summary: 'Everything has been sent: makes the collections known, at once',
  params,
  answers: answers(
    z.object({ import: importSchema, collections: z.array(collectionSchema) }),
    'The import and its collections.',
  ),
  handle: async ({ database }, { params }) => {
    const one = database.imports.get(params.import)
    await one.finish()
    return ok({ import: shown(one.info()), collections: collectionsOf(database, one) })
  },
})

function collectionsOf(database: Database, one: ArchiveImport): readonly unknown[] {
  // Somebody may have dropped one of them since.
  return (namesOf.get(one) ?? []).flatMap((name) => database.findCollection(name)?.info() ?? [])
}

const cancel = defineRoute({
  id: 'cancelImport',
  method: 'DELETE',
  path: '/imports/{import}',
  tag,
  summary: 'End an import; nothing of it is left',
  params,
  answers: answersNothing,
  handle: async ({ database }, { params }) => {
    await database.imports.get(params.import).cancel()
    return noContent
  },
})

function shown({ error, ...info }: ImportInfo): z.output<typeof importSchema> {
  return { ...info, error: error === null ? null : { code: error.code, message: error.message } }
}

export const importRoutes: readonly Route[] = [list, start, show, write, finish, cancel]
