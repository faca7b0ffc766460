import { at } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { apiCommand } from '../command.ts'
import type { Job } from '../follow-job.ts'
import { bytesText, durationText, parseBytes, parseCount } from '../words.ts'

interface VerifyReport {
  readonly ok: boolean
  readonly problems: readonly { readonly file: string; readonly why: string }[]
  readonly files: number
  readonly bytes: number
  readonly durationMs: number
}

interface VerifyFlags {
  readonly rate?: string
}

export const verifyCommand = apiCommand<VerifyFlags>(
  'verify <snapshot>',
  'Read and hash every byte that a snapshot reaches; ends with 1 if anything is wrong.',
  (command) => command.option('--rate <BYTES>', 'reads no faster a second, such as 100MiB'),
  async (api, output, { rate }, [snapshot]) => {
    const body = { bytesPerSecond: rate === undefined ? undefined : parseBytes('--rate', rate) }
    const job = api.call<Job>('POST', at`/snapshots/${snapshot!}/verify`, { body })
    const report = await output.follow<VerifyReport>(api, job)
    output.show(report, verifyText)
    if (!report.ok) throw new CliError(`Snapshot ${snapshot!} is damaged: ${report.problems.length} problems`)
  },
)

interface DrillReport {
  readonly ok: boolean
  readonly problems: VerifyReport['problems']
  readonly collections: readonly {
    readonly name: string
    readonly pointCount: number
    readonly contentHash: string
    readonly searches: number
  }[]
  readonly bytes: number
  readonly durationMs: number
}

interface DrillFlags {
  readonly searches?: string
}

export const drillCommand = apiCommand<DrillFlags>(
  'drill <snapshot>',
  'Restore a snapshot aside, try it out and remove it again; ends with 1 if anything is wrong.',
  (command) => command.option('--searches <N>', 'points of each collection that are searched (default 10)'),
  async (api, output, { searches }, [snapshot]) => {
    const body = { searches: searches === undefined ? undefined : parseCount('--searches', searches) }
    const job = api.call<Job>('POST', at`/snapshots/${snapshot!}/drill`, { body })
    const report = await output.follow<DrillReport>(api, job)
    output.show(report, drillText)
    if (!report.ok) throw new CliError(`Snapshot ${snapshot!} failed: ${report.problems.length} problems`)
  },
)

function drillText({ ok, problems, collections, bytes, durationMs }: DrillReport): string {
  const tried = collections.map(
    ({ name, pointCount, searches, contentHash }) =>
      `${name}: ${pointCount} points, ${searches} searches, content ${contentHash}`,
  )
  const read = `read ${bytesText(bytes)} in ${durationText(durationMs)}`
  const wrong = problems.map(({ file, why }) => `${file}: ${why}`)
  return [...wrong, ...tried, ok ? `nothing is wrong: ${read}` : read].join('\n')
}

function verifyText({ ok, problems, files, bytes, durationMs }: VerifyReport): string {
  const read = `read ${files} files, ${bytesText(bytes)}, in ${durationText(durationMs)}`
  if (ok) return `nothing is wrong: ${read}`
  return [...problems.map(({ file, why }) => `${file}: ${why}`), read].join('\n')
}
