import { at, type ApiClient } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { collectionLine, type CollectionJson } from '../collection.ts'
import { apiCommand, type Output } from '../command.ts'
import { engine } from '../engine.ts'
import { onFile } from '../files.ts'
import { bytesText } from '../words.ts'
import { importHeadersOf, secretOptions, trustOption, type ImportKeyFlags } from './archive-flags.ts'
import { whileInterruptible } from './interrupt.ts'

/** Lost at most when a connection breaks. */
const pieceBytes = 8 * 2 ** 20

interface ImportFlags extends ImportKeyFlags {
  readonly as?: string
  readonly replace?: boolean
  readonly sha256?: string
  readonly resume?: string
}

interface Import {
  readonly id: string
  readonly offset: number
}

interface Imported {
  readonly import: Import
  readonly collections: readonly CollectionJson[]
}

export const importCommand = apiCommand<ImportFlags>(
  'import <file>',
  'Restore an archive file: a collection under a name, or (without --as) all that a store archive holds.',
  (command) =>
    trustOption(secretOptions(command, 'decrypt'))
      .option('--as <NAME>', 'of the collection')
      .option('--replace', 'replace what has the name, in place')
      .option('--sha256 <HEX>', 'what the hash of the file must be')
      .option('--resume <ID>', 'go on with an import that was cut off; the server remembers it for an hour'),
  async (api, output, flags, [path]) => {
    const session = await (flags.resume === undefined
      ? begin(api, flags)
      : api.call<Import>('GET', at`/imports/${flags.resume}`))
    const imported = await resumable(api, session.id, () =>
      onFile(`read ${path!}`, () => send(api, output, session, path!)),
    )
    output.show(imported, ({ collections }) =>
      collections.map((one) => `restored ${collectionLine(one)}`).join('\n'),
    )
  },
)

async function begin(api: ApiClient, flags: ImportFlags): Promise<Import> {
  const { as, replace, sha256 } = flags
  const headers = await importHeadersOf(flags)
  return api.call<Import>('POST', '/imports', { body: { into: as, replace, sha256 }, headers })
}

/** An error that only this side or the connection had says how to go on, if the server lives on. */
async function resumable<T>(api: ApiClient, id: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof CliError) || error.isRefusal || api.isOwn) throw error
    throw new CliError(`${error.message}; go on with --resume ${id}`, error.exitCode)
  }
}

async function send(api: ApiClient, output: Output, session: Import, path: string): Promise<Imported> {
  const url = at`/imports/${session.id}`
  return whileInterruptible('nothing has changed yet', async (signal) => {
    for await (const { offset, bytes } of piecesOf(path, session.offset)) {
      const { offset: received } = await api.call<Import>('PATCH', url, { query: { offset }, bytes, signal })
      output.progress(`import  ${bytesText(received)}`)
    }
    return api.call<Imported>('POST', `${url}/finish`, { signal })
  })
}

interface Piece {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** The file from `from` on, in pieces. */
async function* piecesOf(path: string, from: number): AsyncIterable<Piece> {
  const { readFileStream } = await engine()
  let position = 0
  let parts: Uint8Array[] = []
  let waiting = 0
  for await (const chunk of readFileStream(path)) {
    const part = chunk.subarray(Math.min(chunk.byteLength, Math.max(0, from - position)))
    position += chunk.byteLength
    parts.push(part)
    waiting += part.byteLength
    if (waiting < pieceBytes) continue
    yield { offset: position - waiting, bytes: Buffer.concat(parts) }
    parts = []
    waiting = 0
  }
  if (waiting > 0) yield { offset: position - waiting, bytes: Buffer.concat(parts) }
}
