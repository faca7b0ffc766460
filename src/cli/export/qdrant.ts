import { systemRandom } from '../../runtime/random.ts'
import { at } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { apiCommand, type Output } from '../command.ts'
import { engine } from '../engine.ts'
import { onFile } from '../files.ts'
import { whileInterruptible } from '../snapshot/interrupt.ts'
import { bytesText } from '../words.ts'

interface ExportFlags {
  readonly force?: boolean
  readonly partition?: string
}

export const exportQdrantCommand = apiCommand<ExportFlags>(
  'qdrant <collection> <file>',
  'Save a collection as an archive that Qdrant 1.19 loads: as it is, or as <collection>@<snapshot> was.',
  (command) =>
    command
      .option('--force', 'replace the file if it is there')
      .option('--partition <NAME>', 'the partition to save, needed where several have points'),
  async (api, output, flags, [reference, path]) => {
    const { writeWholeFile, pathExists } = await engine()
    if (flags.force !== true && (await onFile(`write ${path!}`, () => pathExists(path!))))
      throw new CliError(`Cannot write ${path!}: it exists (--force replaces it)`)
    const saved = await whileInterruptible(`${path!} is as it was`, async (signal) => {
      output.progress('export  looking at every point')
      const query = { format: 'qdrant', partition: flags.partition }
      const response = await api.open('GET', at`/collections/${reference!}/archive`, { query, signal })
      const bytes = Number(response.headers.get('content-length'))
      const source = watched(response, bytes, output)
      await onFile(`write ${path!}`, () => writeWholeFile(path!, source, systemRandom.uuid()))
      return { file: path!, bytes, points: Number(response.headers.get('stillpoint-points')) }
    })
    output.show(saved, ({ bytes, points }) => `saved ${path!} (${points} points, ${bytesText(bytes)})`)
  },
)

/** The body, whole or not at all. @throws CliError */
async function* watched(response: Response, total: number, output: Output): AsyncIterable<Uint8Array> {
  let bytes = 0
  try {
    for await (const chunk of response.body ?? []) {
      bytes += (chunk as Uint8Array).byteLength
      output.progress(`export  ${bytesText(bytes)} of ${bytesText(total)}`)
      yield chunk as Uint8Array
    }
  } catch (error) {
    throw new CliError(`The server stopped sending after ${bytesText(bytes)}: ${messageOf(error)}`)
  }
  if (bytes !== total) throw new CliError(`The archive has ${total} bytes, ${bytes} came: nothing was saved`)
}

function messageOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
