import type { z } from 'zod'
import type { jobSchema } from '../api/v1/schemas/jobs.ts'
import { at, type ApiClient } from './api-client.ts'
import { CliError, exitInterrupted } from './cli-error.ts'
import { bytesText, durationText } from './words.ts'

export type Job = z.output<typeof jobSchema>

const pollMs = 250

/** Where progress goes: a terminal shows one line that changes, anything else nothing. */
export interface ProgressScreen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/**
 * Waits for the end of a job that is being started; Ctrl-C cancels it and waits for that.
 * @throws CliError if it failed or was cancelled
 */
export async function followJob<T>(
  api: ApiClient,
  starting: Promise<Job>,
  screen: ProgressScreen,
): Promise<T> {
  // From the first moment on, since the server may have started it before we hear of it. The first Ctrl-C only: the
  // second one ends this process as ever.
  const cancel = () =>
    void starting.then(({ id }) => api.call('POST', at`/jobs/${id}/cancel`)).catch(() => undefined)
  process.once('SIGINT', cancel)
  let job: Job
  try {
    job = await starting
    const path = at`/jobs/${job.id}`
    while (job.state === 'running') {
      if (screen.isTTY === true) screen.write(`\r\x1b[K${progressText(job)}`)
      job = await api.call<Job>('GET', path, { query: { waitMs: pollMs } })
    }
  } finally {
    process.off('SIGINT', cancel)
    if (screen.isTTY === true) screen.write('\r\x1b[K')
  }
  if (job.state === 'completed') return job.result as T
  if (job.state === 'cancelled')
    throw new CliError(`Job ${job.id} was cancelled: ${job.reason ?? ''}`, exitInterrupted)
  throw new CliError(
    `Job ${job.id} failed: ${job.reason ?? 'no reason is known'} [${job.code ?? 'internal'}]`,
  )
}

export function progressText({ kind, done, total, unit, ratePerSecond, etaMs }: Job): string {
  const amount = (count: number): string => (unit === 'bytes' ? bytesText(count) : String(Math.round(count)))
  const of = total === null ? '' : ` of ${amount(total)}`
  const named = unit === 'bytes' || unit === '' ? '' : ` ${unit}`
  return [
    kind,
    ...(total === null || total === 0 ? [] : [`${Math.min(100, Math.floor((done / total) * 100))} %`]),
    `${amount(done)}${of}${named}`,
    ...(ratePerSecond === null ? [] : [`${amount(ratePerSecond)}/s`]),
    ...(etaMs === null ? [] : [`${durationText(etaMs)} left`]),
  ].join('  ')
}
