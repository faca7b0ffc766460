import type { PartialFile } from '../../index.ts'
import { at, type ApiClient } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { apiCommand, type Output } from '../command.ts'
import { engine } from '../engine.ts'
import { onFile } from '../files.ts'
import { bytesText } from '../words.ts'
import { exportHeadersOf, secretOptions, signOption, type ExportKeyFlags } from './archive-flags.ts'
import { whileInterruptible } from './interrupt.ts'

interface ExportFlags extends ExportKeyFlags {
  readonly since?: string
}

export const exportCommand = apiCommand<ExportFlags>(
  'export <snapshot> <file>',
  'Save a snapshot as one archive file. What was cut off goes on when it is called again.',
  (command) =>
    signOption(secretOptions(command, 'encrypt')).option(
      '--since <SNAPSHOT>',
      'leave out what the reader has who has this snapshot',
    ),
  async (api, output, flags, [snapshot, path]) => {
    const headers = await exportHeadersOf(flags)
    const request = { path: at`/snapshots/${snapshot!}/archive`, since: flags.since, headers }
    const { openPartialFile } = await engine()
    const file = await onFile(`write ${path!}`, () => openPartialFile(path!))
    const resumedFrom = file.bytes
    try {
      await onFile(`write ${path!}`, () => download(api, output, file, request))
      await onFile(`write ${path!}`, () => file.publish())
    } finally {
      await file.close()
    }
    const saved = { file: path!, bytes: file.bytes, resumedFrom }
    output.show(saved, ({ bytes }) => `saved ${path!} (${bytesText(bytes)})`)
  },
)

interface Download {
  readonly path: string
  readonly since: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

async function download(
  api: ApiClient,
  output: Output,
  file: PartialFile,
  { path, since, headers }: Download,
): Promise<void> {
  const isResumed = file.tag !== undefined
  const resume = isResumed ? { range: `bytes=${file.bytes}-`, 'if-range': `"${file.tag}"` } : {}
  await whileInterruptible('the rest follows when it is called again', async (signal) => {
    const query = { since }
    const response = await api.open('GET', path, {
      query,
      headers: { ...headers, ...resume },
      signal,
      accepts: [416],
    })
    // All of it had come, and only its name was missing.
    if (response.status === 416) return checkWhole(file, lengthOf(response))
    if (response.status === 200)
      await file.begin((response.headers.get('etag') ?? 'unknown').replaceAll('"', ''))
    const total =
      response.status === 206 ? lengthOf(response) : Number(response.headers.get('content-length'))
    for await (const chunk of response.body ?? []) {
      await file.write(chunk as Uint8Array)
      output.progress(`export  ${bytesText(file.bytes)} of ${bytesText(total)}`)
    }
    checkWhole(file, total)
  })
}

/** `bytes 10-19/20` or `bytes *` and a slash and `20`: 20. */
function lengthOf(response: Response): number {
  return Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1])
}

function checkWhole(file: PartialFile, total: number): void {
  if (file.bytes !== total)
    throw new CliError(`The archive has ${total} bytes, ${file.bytes} came: call it again`)
}
