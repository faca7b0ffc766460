import type { z } from 'zod'
import type { policyPlanSchema, policyRunSchema, policySchema } from '../api/v1/schemas/policies.ts'
import { parseJson } from '../encoding/json.ts'
import { at } from './api-client.ts'
import { CliError, misused } from './cli-error.ts'
import { append, apiCommand, group } from './command.ts'
import { readFlagFile } from './files.ts'
import type { Job } from './follow-job.ts'
import { facts, table } from './table.ts'
import { durationText, labelsText, parseCount, parseDuration, parsePairs, timeText } from './words.ts'

type Policy = z.output<typeof policySchema>
type Plan = z.output<typeof policyPlanSchema>
type Run = z.output<typeof policyRunSchema>

const ofText = ({ collections }: Policy): string =>
  collections === 'store' ? '(store)' : collections.join(',')
const lastText = ({ lastRun }: Policy): string =>
  lastRun === null ? 'never' : `${lastRun.outcome} ${timeText(lastRun.finishedAt)}`

function keepText({ maxAgeMs, ...counts }: Policy['keep']): string {
  const rules = Object.entries(counts).map(([rule, count]) => `${rule} ${count}`)
  if (maxAgeMs !== undefined) rules.push(`max age ${durationText(maxAgeMs)}`)
  return rules.length === 0 ? 'everything' : rules.join(', ')
}

const listCommand = apiCommand<object>(
  'list',
  'The policies.',
  (command) => command,
  async (api, output) => {
    const answer = await api.call<{ readonly policies: readonly Policy[] }>('GET', '/policies')
    output.show(answer, ({ policies }) =>
      policies.length === 0
        ? 'no policies'
        : table(policies, [
            { title: 'NAME', text: ({ name }) => name },
            { title: 'OF', text: ofText },
            {
              title: 'SCHEDULE',
              text: ({ schedule, isEnabled }) => (isEnabled ? (schedule ?? 'by hand') : 'off'),
            },
            { title: 'KEEPS', text: ({ keep }) => keepText(keep) },
            { title: 'LAST RUN', text: lastText },
            { title: 'NEXT RUN', text: ({ nextRunAt }) => timeText(nextRunAt) },
          ]),
    )
  },
)

function policyFacts(policy: Policy): string {
  return facts([
    ['name', policy.name],
    ['of', ofText(policy)],
    ['schedule', policy.schedule ?? 'by hand'],
    ['timezone', policy.timezone ?? 'UTC'],
    ['enabled', policy.isEnabled ? 'yes' : 'no'],
    ['keeps', keepText(policy.keep)],
    ['labels', labelsText(policy.labels ?? {})],
    ['verifies', policy.verify === true ? 'yes' : 'no'],
    ['last run', lastText(policy)],
    ['reason', policy.lastRun?.reason ?? ''],
    ['last success', timeText(policy.lastSuccessAt)],
    ['next run', timeText(policy.nextRunAt)],
    ['runs', `${policy.runs}, ${policy.failures} failed`],
  ])
}

const showCommand = apiCommand<object>(
  'show <name>',
  'One policy, and how its last run went.',
  (command) => command,
  async (api, output, _flags, [name]) =>
    output.show(await api.call<Policy>('GET', at`/policies/${name!}`), policyFacts),
)

interface PutFlags {
  readonly file?: string
  readonly collection?: readonly string[]
  readonly store?: boolean
  readonly schedule?: string
  readonly timezone?: string
  readonly keep?: readonly string[]
  readonly maxAge?: string
  readonly label?: readonly string[]
  readonly verify?: boolean
  readonly disabled?: boolean
}

const putCommand = apiCommand<PutFlags>(
  'put <name>',
  'Create a policy, or replace the one of this name, which keeps its snapshots.',
  (command) =>
    command
      .option('--file <PATH>', 'the policy as JSON, as the API takes it; instead of the other flags')
      .option('--collection <NAME>', 'a name, an alias or a pattern (*); may be repeated', append)
      .option('--store', 'the whole store')
      .option('--schedule <CRON>', 'such as "0 2 * * *" (default: it runs only when it is told to)')
      .option('--timezone <NAME>', 'such as Europe/Berlin (default UTC)')
      .option('--keep <RULE=N>', 'last, hourly, daily, weekly, monthly or yearly; may be repeated', append)
      .option('--max-age <DURATION>', 'nothing older stays, such as 400d')
      .option('--label <NAME=VALUE>', 'of its snapshots; may be repeated', append)
      .option('--verify', 'verify each snapshot')
      .option('--disabled', 'do not follow the schedule'),
  async (api, output, flags, [name]) => {
    const body =
      flags.file === undefined ? bodyOf(flags) : parseJson(await readFlagFile('--file', flags.file))
    output.show(await api.call<Policy>('PUT', at`/policies/${name!}`, { body }), policyFacts)
  },
)

function bodyOf(flags: PutFlags): object {
  if ((flags.store === true) === (flags.collection !== undefined))
    throw misused('Give --collection or --store')
  const counts = Object.entries(parsePairs('rule', flags.keep ?? [])).map(
    ([rule, count]): [string, number] => [rule, parseCount(`--keep ${rule}`, count)],
  )
  const maxAge = flags.maxAge === undefined ? {} : { maxAgeMs: parseDuration(flags.maxAge) }
  return {
    collections: flags.store === true ? 'store' : flags.collection,
    schedule: flags.schedule ?? null,
    timezone: flags.timezone,
    keep: { ...Object.fromEntries(counts), ...maxAge },
    labels: flags.label === undefined ? undefined : parsePairs('label', flags.label),
    verify: flags.verify,
    isEnabled: flags.disabled !== true,
  }
}

const deleteCommand = apiCommand<object>(
  'delete <name>',
  'Delete a policy; its snapshots stay.',
  (command) => command,
  async (api, output, _flags, [name]) => {
    await api.call('DELETE', at`/policies/${name!}`)
    output.show({ deleted: name! }, ({ deleted }) => `deleted ${deleted}`)
  },
)

const planCommand = apiCommand<{ readonly at?: string }>(
  'plan <name>',
  'What a run would make, keep and delete, and why; changes nothing.',
  (command) => command.option('--at <TIME>', 'a run at this time (RFC 3339; default: now)'),
  async (api, output, flags, [name]) => {
    const plan = await api.call<Plan>('GET', at`/policies/${name!}/plan`, { query: { at: flags.at } })
    output.show(plan, planText)
  },
)

function planText({ create, missing, keep, delete: deleted }: Plan): string {
  const made = create === null ? 'nothing to make' : `make    a snapshot of ${create.collections.join(', ')}`
  return [
    made,
    ...missing.map((name) => `missing ${name}`),
    ...keep.map(({ name, rules }) => `keep    ${name}  ${rules.join(', ')}`),
    ...deleted.map(({ name }) => `delete  ${name}`),
  ].join('\n')
}

const runCommand = apiCommand<object>(
  'run <name>',
  'Run a policy now; ends with 1 if the run fails.',
  (command) => command,
  async (api, output, _flags, [name]) => {
    const run = await output.follow<Run>(api, api.call<Job>('POST', at`/policies/${name!}/run`))
    output.show(run, runText)
    if (run.outcome === 'failed')
      throw new CliError(`Policy ${name!} failed: ${run.reason ?? 'no reason is known'}`)
  },
)

function runText({ outcome, reason, snapshot, isVerified, deleted, missing }: Run): string {
  return [
    outcome === 'skipped' ? `skipped: ${reason ?? ''}` : outcome,
    ...(snapshot === null ? [] : [`made    ${snapshot.name}${isVerified === true ? ' (verified)' : ''}`]),
    ...missing.map((name) => `missing ${name}`),
    ...deleted.map(({ name }) => `deleted ${name}`),
  ].join('\n')
}

export const policyCommand = group('policy', 'Snapshots that are made, checked and deleted by themselves.', [
  listCommand,
  showCommand,
  putCommand,
  planCommand,
  runCommand,
  deleteCommand,
])
