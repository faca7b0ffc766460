import { at } from './api-client.ts'
import { apiCommand, group } from './command.ts'
import { progressText, type Job } from './follow-job.ts'
import { facts, table } from './table.ts'
import { durationText, timeText } from './words.ts'
import { stringifyJson, type JsonValue } from '../encoding/json.ts'

interface ListFlags {
  readonly state?: string
  readonly kind?: string
}

const listCommand = apiCommand<ListFlags>(
  'list',
  'Long work: what runs and what ended last, the newest first.',
  (command) =>
    command
      .option('--state <STATE>', 'running, completed, failed or cancelled')
      .option('--kind <KIND>', 'such as verify'),
  async (api, output, { state, kind }) => {
    const answer = await api.call<{ readonly jobs: readonly Job[] }>('GET', '/jobs', {
      query: { state, kind },
    })
    output.show(answer, ({ jobs }) =>
      jobs.length === 0
        ? 'no jobs'
        : table(jobs, [
            { title: 'ID', text: ({ id }) => id },
            { title: 'KIND', text: ({ kind }) => kind },
            { title: 'STATE', text: ({ state }) => state },
            { title: 'STARTED', text: ({ startedAt }) => timeText(startedAt) },
            { title: 'TOOK', text: tookText, isNumber: true },
            {
              title: 'PROGRESS',
              text: (job) => (job.state === 'running' ? progressText(job) : (job.reason ?? '')),
            },
          ]),
    )
  },
)

function tookText({ startedAt, finishedAt }: Job): string {
  return finishedAt === null ? '' : durationText(finishedAt - startedAt)
}

function jobFacts(job: Job): string {
  return facts([
    ['id', job.id],
    ['kind', job.kind],
    ['input', stringifyJson(job.input as JsonValue)],
    ['state', job.state],
    ...(job.reason === null ? [] : [['reason', `${job.reason} [${job.code ?? 'internal'}]`] as const]),
    ['started', timeText(job.startedAt)],
    ['finished', timeText(job.finishedAt)],
    ['attempt', String(job.attempt)],
    ['progress', progressText(job)],
    ['result', stringifyJson(job.result as JsonValue)],
  ])
}

const showCommand = apiCommand<object>(
  'show <id>',
  'One job.',
  (command) => command,
  async (api, output, _flags, [id]) => output.show(await api.call<Job>('GET', at`/jobs/${id!}`), jobFacts),
)

interface WaitFlags {
  readonly json?: boolean
}

const waitCommand = apiCommand<WaitFlags>(
  'wait <id>',
  'Wait for the end of a job, with its progress; Ctrl-C cancels it.',
  (command) => command,
  async (api, output, _flags, [id]) => {
    await output.follow(api, api.call<Job>('GET', at`/jobs/${id!}`))
    output.show(await api.call<Job>('GET', at`/jobs/${id!}`), jobFacts)
  },
)

const cancelCommand = apiCommand<object>(
  'cancel <id>',
  'Ask a job to stop.',
  (command) => command,
  async (api, output, _flags, [id]) => {
    const job = await api.call<Job>('POST', at`/jobs/${id!}/cancel`)
    output.show(job, ({ state }) =>
      state === 'running' ? `job ${job.id} is stopping` : `job ${job.id} is ${state}`,
    )
  },
)

export const jobCommand = group('job', 'Long work: what runs, how far it is, and how to stop it.', [
  listCommand,
  showCommand,
  waitCommand,
  cancelCommand,
])
