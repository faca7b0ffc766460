import { z } from 'zod'
import { scopeSchema } from './snapshots.ts'
import { labels, time } from './values.ts'

const count = z.int().min(1)

/** The engine checks names, cron text and timezone, and says what is wrong with them. */
const settings = {
  collections: z.union([z.literal('store'), z.array(z.string()).min(1)]).meta({
    description: 'Names, aliases or patterns (`*` stands for any characters) of one cut, or the whole store.',
  }),
  schedule: z.string().nullable().meta({
    description: 'Cron text of five fields, or six with seconds in front; null: it runs only when told to.',
  }),
  timezone: z.string().exactOptional().meta({ description: 'IANA name. Default UTC.' }),
  keep: z
    .strictObject({
      last: count.exactOptional(),
      hourly: count.exactOptional(),
      daily: count.exactOptional(),
      weekly: count.exactOptional(),
      monthly: count.exactOptional(),
      yearly: count.exactOptional(),
      maxAgeMs: count.exactOptional(),
    })
    .meta({ id: 'Keep', description: 'Which of its snapshots stay; without a rule all of them.' }),
  labels: labels.exactOptional(),
  verify: z
    .boolean()
    .exactOptional()
    .meta({ description: 'Each snapshot is verified; one that fails does not count.' }),
}

export const policyBody = z.strictObject({
  ...settings,
  isEnabled: z.boolean().optional().meta({ description: 'Whether the schedule is followed. Default true.' }),
})

const policySnapshot = z
  .object({ id: z.string(), name: z.string(), createdAt: time })
  .meta({ id: 'PolicySnapshot' })

export const policyRunSchema = z
  .object({
    policy: z.string(),
    trigger: z.enum(['schedule', 'manual']),
    startedAt: time,
    finishedAt: time,
    outcome: z.enum(['succeeded', 'failed', 'skipped']),
    reason: z.string().nullable().meta({ description: 'Why it failed or was skipped.' }),
    code: z.string().nullable(),
    snapshot: policySnapshot.nullable(),
    isVerified: z.boolean().nullable(),
    collections: z.array(z.string()),
    missing: z.array(z.string()).meta({ description: 'Names of the policy that no collection has.' }),
    deleted: z.array(policySnapshot),
  })
  .meta({ id: 'PolicyRun' })

export const policySchema = z
  .object({
    name: z.string(),
    ...settings,
    isEnabled: z.boolean(),
    createdAt: time,
    nextRunAt: time.nullable(),
    lastRun: policyRunSchema.nullable(),
    lastSuccessAt: time.nullable(),
    runs: z.int(),
    failures: z.int(),
  })
  .meta({ id: 'Policy' })

export const policyPlanSchema = z
  .object({
    policy: z.string(),
    at: time,
    nextRunAt: time.nullable(),
    create: z
      .object({ scope: scopeSchema, collections: z.array(z.string()) })
      .nullable()
      .meta({ description: 'Null: there is nothing to make; then nothing is deleted either.' }),
    missing: z.array(z.string()),
    keep: z.array(policySnapshot.extend({ rules: z.array(z.string()) })),
    delete: z.array(policySnapshot),
  })
  .meta({ id: 'PolicyPlan' })
