import { z } from 'zod'
import type { Database } from '../../../index.ts'
import { answers, answersNothing, defineRoute, noContent, ok, type Route } from '../route.ts'
import { jobAnswers } from '../schemas/jobs.ts'
import { policyBody, policyPlanSchema, policySchema } from '../schemas/policies.ts'
import { timeInput, waitQuery } from '../schemas/values.ts'
import { startJob } from '../start-job.ts'

const tag = 'policies'
const params = z.strictObject({ policy: z.string().min(1) })

const list = defineRoute({
  id: 'listPolicies',
  method: 'GET',
  path: '/policies',
  tag,
  summary: 'The policies, by name',
  answers: answers(z.object({ policies: z.array(policySchema) }), 'All of them.'),
  handle: async ({ database }) => ok({ policies: database.policies.list() }),
})

const show = defineRoute({
  id: 'getPolicy',
  method: 'GET',
  path: '/policies/{policy}',
  tag,
  summary: 'One policy, and how its last run went',
  params,
  answers: answers(policySchema, 'The policy.'),
  handle: async ({ database }, { params }) => ok(database.policies.get(params.policy)),
})

const put = defineRoute({
  id: 'putPolicy',
  method: 'PUT',
  path: '/policies/{policy}',
  tag,
  summary: 'Create a policy, or replace the one of this name, which keeps its snapshots',
  params,
  body: policyBody,
  example: {
    collections: ['plants', 'tenant-*'],
    schedule: '0 2 * * *',
    timezone: 'Europe/Berlin',
    keep: { last: 3, daily: 7, monthly: 12 },
    verify: true,
  },
  answers: answers(policySchema, 'The policy.'),
  handle: async ({ database }, { params, body: { isEnabled, ...settings } }) =>
    ok(await database.policies.put({ name: params.policy, isEnabled: isEnabled ?? true, ...settings })),
})

const remove = defineRoute({
  id: 'deletePolicy',
  method: 'DELETE',
  path: '/policies/{policy}',
  tag,
  summary: 'Delete a policy; its snapshots stay',
  params,
  answers: answersNothing,
  handle: async ({ database }, { params }) => {
    database.policies.get(params.policy)
    await database.policies.delete(params.policy)
    return noContent
  },
})

const plan = defineRoute({
  id: 'planPolicy',
  method: 'GET',
  path: '/policies/{policy}/plan',
  tag,
  summary: 'What a run would make, delete and keep, and by which rule; changes nothing',
  params,
  query: z.strictObject({
    at: timeInput.optional().meta({ description: 'A run at this time. Default: now.' }),
  }),
  answers: answers(policyPlanSchema, 'The plan.'),
  handle: async ({ database }, { params, query }) => ok(database.policies.plan(params.policy, query.at)),
})

const run = defineRoute({
  id: 'runPolicy',
  method: 'POST',
  path: '/policies/{policy}/run',
  tag,
  summary: 'Run a policy now, as a job whose result is a PolicyRun',
  description: 'A run that failed says so in `outcome`; the job has completed all the same.',
  params,
  query: z.strictObject(waitQuery),
  answers: jobAnswers,
  handle: async (door, { params, query }) => {
    const { database } = door
    database.policies.get(params.policy)
    const input = { policy: params.policy }
    return startJob(door, { kind: 'policy', input, wait: query.wait }, async ({ signal }) => {
      const stop = () => cancelVerification(database, params.policy)
      signal.addEventListener('abort', stop)
      try {
        return await database.policies.run(params.policy)
      } finally {
        signal.removeEventListener('abort', stop)
      }
    })
  },
})

/** Making and deleting snapshots takes no time; what a run may wait for is a job of its own. */
function cancelVerification({ jobs }: Database, policy: string): void {
  for (const job of jobs.list({ kind: 'verify', state: 'running' })) {
    const { input } = job
    if (typeof input === 'object' && input !== null && 'policy' in input && input.policy === policy)
      jobs.cancel(job.id)
  }
}

export const policyRoutes: readonly Route[] = [list, show, put, remove, plan, run]
