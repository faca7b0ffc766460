import { at } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { apiCommand } from '../command.ts'
import type { Job } from '../follow-job.ts'
import { bytesText, durationText, parseBytes } from '../words.ts'

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
    const job = await api.call<Job>('POST', at`/snapshots/${snapshot!}/verify`, { body })
    const report = await output.follow<VerifyReport>(api, job)
    output.show(report, verifyText)
    if (!report.ok) throw new CliError(`Snapshot ${snapshot!} is damaged: ${report.problems.length} problems`)
  },
)

function verifyText({ ok, problems, files, bytes, durationMs }: VerifyReport): string {
  const read = `read ${files} files, ${bytesText(bytes)}, in ${durationText(durationMs)}`
  if (ok) return `nothing is wrong: ${read}`
  return [...problems.map(({ file, why }) => `${file}: ${why}`), read].join('\n')
}
