import { z } from 'zod'
import { labels, seq, time, timeInput } from './values.ts'

export const snapshotParam = {
  snapshot: z.string().min(1).meta({
    description: "A snapshot's id, `<collection>@<name>`, or its name if no other snapshot has the same.",
  }),
}

export const holdSchema = z
  .object({
    id: z.string(),
    until: time.nullable().meta({ description: 'Milliseconds since the epoch; null: until it is released.' }),
    reason: z.string(),
  })
  .meta({ id: 'Hold' })

export const checkMarkSchema = z
  .object({
    at: time,
    ok: z.boolean(),
    problems: z.array(z.string()).meta({ description: 'What was wrong: file and reason.' }),
    bytes: z.number().meta({ description: 'Bytes that were read.' }),
  })
  .meta({ id: 'CheckMark' })

export const scopeSchema = z.enum(['collection', 'several', 'store', 'shard']).meta({
  description:
    'One collection, several in one cut, the whole store with its aliases, or one shard of a collection.',
})

export const snapshotSchema = z
  .object({
    id: z.string().meta({ description: 'UUID; never reused.' }),
    name: z.string(),
    seq: seq.meta({ description: 'It holds every write with a number up to this one.' }),
    createdAt: time,
    scope: scopeSchema,
    shard: z.int().optional().meta({ description: 'With the scope `shard` only: which one.' }),
    collections: z.array(z.object({ id: z.string(), name: z.string() })),
    aliases: z.record(z.string(), z.string()),
    labels,
    description: z.string(),
    reason: z
      .string()
      .meta({ description: 'Why it was made: `manual`, `policy:<name>`, `before-rollback`, …' }),
    holds: z.array(holdSchema).meta({ description: 'What keeps it from being deleted.' }),
    verified: checkMarkSchema.nullable().meta({ description: 'The last verification.' }),
    drilled: checkMarkSchema.nullable().meta({ description: 'The last drill.' }),
    contentHashes: z
      .record(z.string(), z.string())
      .meta({ description: "SHA-256 of each collection's content, as far as it was computed." }),
    isSealed: z
      .boolean()
      .meta({ description: 'Its files are written; until then the log holds it, as safely.' }),
  })
  .meta({ id: 'Snapshot' })

export const holdInput = z.strictObject({
  until: timeInput.optional(),
  reason: z.string().optional(),
})

const notes = {
  labels: labels.optional(),
  description: z.string().optional(),
  reason: z.string().optional(),
}

export const createSnapshotBody = z.strictObject({
  collections: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({ description: 'Names or aliases of the collections of one cut; left out: the whole store.' }),
  shard: z
    .int()
    .min(0)
    .optional()
    .meta({ description: 'Of the one collection that is named, this shard only; the first is 0.' }),
  name: z.string().optional().meta({ description: 'Default: `snapshot-<time>-<random>`.' }),
  ...notes,
  hold: holdInput.optional().meta({ description: 'Holds it from its first moment.' }),
})

export const updateSnapshotBody = z.strictObject({ name: z.string().optional(), ...notes }).meta({
  description: 'Members that are left out stay as they are; `labels` replaces all labels.',
})

export const snapshotQuery = z.strictObject({
  collection: z.string().optional().meta({ description: 'Snapshots that hold a collection of this name.' }),
  scope: scopeSchema.optional(),
  name: z.string().optional().meta({ description: '`*` stands for any characters.' }),
  reason: z.string().optional().meta({ description: '`*` stands for any characters.' }),
  label: z
    .array(z.string().regex(/^[^=]+=/, 'expected <name>=<value>'))
    .optional()
    .meta({ description: '`<name>=<value>`; may be repeated.' }),
  createdFrom: timeInput.optional(),
  createdBefore: timeInput.optional(),
  isHeld: z.boolean().optional(),
  isVerified: z.boolean().optional(),
  sort: z.enum(['created', 'name']).optional(),
  order: z.enum(['asc', 'desc']).optional(),
  limit: z.int().min(1).max(1000).optional().meta({ description: 'Default 100.' }),
  after: z.string().optional().meta({ description: '`next` of the page before.' }),
})

export const snapshotPage = z.object({
  snapshots: z.array(snapshotSchema),
  next: z.string().nullable().meta({ description: 'For the next page’s `after`; null at the end.' }),
})
