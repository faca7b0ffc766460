import { once } from 'node:events'
import { stringifyJson, type JsonValue } from '../../encoding/json.ts'
import type { ArchiveInspection, ArchiveReport, InspectedContent, ListedEntry, Point } from '../../index.ts'
import { CliError, misused } from '../cli-error.ts'
import { engine } from '../engine.ts'
import { facts, table } from '../table.ts'
import { bytesText, labelsText, timeText } from '../words.ts'
import { archiveCommandOf, type ArchiveAccess, type ArchiveFlags } from './archive-flags.ts'

export const inspectCommand = archiveCommandOf(
  'inspect <file>',
  'Say what an archive holds, from its manifest.',
  async ([file], access, flags) => {
    const { inspectArchive } = await engine()
    const inspection = await inspectArchive(file!, access)
    await print(flags.json === true ? `${json(inspection)}\n` : inspectionText(inspection))
  },
)

export const listCommand = archiveCommandOf(
  'ls <file>',
  'List the entries of an archive.',
  async ([file], access, flags) => {
    const { listArchive } = await engine()
    const entries = await listArchive(file!, access)
    await print(flags.json === true ? `${json(entries)}\n` : `${entriesText(entries)}\n`)
  },
)

interface CatFlags extends ArchiveFlags {
  readonly points?: boolean
  readonly collection?: string
}

export const catCommand = archiveCommandOf<CatFlags>(
  'cat <file> [entry]',
  'Print the bytes of an entry, or points as lines of JSON.',
  async ([file, entry], access, { points, collection }) => {
    if ((entry === undefined) !== (points === true)) throw misused('Give the name of an entry, or --points')
    const { archivePoints, catArchiveEntry } = await engine()
    if (entry !== undefined) {
      for await (const chunk of catArchiveEntry(file!, entry, access)) await print(chunk)
      return
    }
    const named = collection === undefined ? {} : { collection }
    for await (const point of archivePoints(file!, { ...access, ...named }))
      await print(await pointText(point))
  },
)
  .option('--points', 'the points of a collection, by id, with payload and vectors')
  .option('--collection <NAME>', 'which one, if the archive holds several')

export const verifyCommand = archiveCommandOf(
  'verify <file>',
  'Read every byte of an archive and compare it with its manifest.',
  async ([file], access, flags) => {
    const { verifyArchive } = await engine()
    const report = await verifyArchive(file!, { ...access, onProgress: progressOn(process.stderr) })
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
    await print(flags.json === true ? `${json(report)}\n` : reportText(report, access))
    const [first, ...others] = report.problems
    if (first === undefined) return
    const more = others.length === 0 ? '' : `, and ${others.length} more`
    throw new CliError(
      `The archive is damaged: ${first.entry === '' ? '' : `${first.entry}: `}${first.why}${more}`,
    )
  },
)

function inspectionText({ bytes, encryption, content }: ArchiveInspection): string {
  const by = encryption?.kind === 'key' ? `by the key ${encryption.keyId}` : 'by a passphrase'
  const about = facts([
    ['size', bytesText(bytes)],
    ['encrypted', encryption === null ? 'no' : by],
    ...(content === null ? [] : contentFacts(content)),
  ])
  if (content === null) return `${about}\n\nIts content takes the key: --key-file or --passphrase-file\n`
  const collections = table(content.collections, [
    { title: 'COLLECTION', text: ({ name }) => name },
    { title: 'POINTS', text: ({ pointCount }) => String(pointCount), isNumber: true },
    { title: 'SHARDS', text: ({ shards }) => String(shards), isNumber: true },
    { title: 'SEGMENTS', text: ({ segments }) => String(segments), isNumber: true },
    { title: 'VECTORS', text: ({ config }) => vectorsText(config) },
  ])
  return `${about}\n\n${collections}\n`
}

function contentFacts(content: InspectedContent): readonly (readonly [string, string])[] {
  const { snapshot, signature, base, files } = content
  const trust = (isTrusted: boolean | null): string =>
    isTrusted === null ? 'not compared, give --trusted-key' : isTrusted ? 'trusted' : 'NOT TRUSTED'
  return [
    ['signed', signature === null ? 'no' : `by the key ${signature.keyId} (${trust(signature.isTrusted)})`],
    ['snapshot', snapshot.name],
    ['id', snapshot.id],
    ['made', timeText(snapshot.createdAt)],
    ['number', String(snapshot.seq)],
    ['scope', snapshot.shard === undefined ? snapshot.scope : `shard ${snapshot.shard}`],
    ['labels', labelsText(snapshot.labels)],
    ['description', snapshot.description],
    ['database', content.database],
    ['files', `${files.count}, ${bytesText(files.bytes)}`],
    ['base', base === null ? '' : `${base.name} (${base.snapshot})`],
    ['left to base', base === null ? '' : `${base.external.count}, ${bytesText(base.external.bytes)}`],
    ['aliases', labelsText(content.aliases)],
  ]
}

function vectorsText({ vectors }: InspectedContent['collections'][number]['config']): string {
  return Object.entries(vectors)
    .map(([name, { size, distance }]) => `${name === '' ? '' : `${name}: `}${size} ${distance}`)
    .join(', ')
}

function entriesText(entries: readonly ListedEntry[]): string {
  return table(entries, [
    { title: 'BYTES', text: ({ bytes }) => String(bytes), isNumber: true },
    { title: 'OFFSET', text: ({ offset }) => (offset === null ? 'base' : String(offset)), isNumber: true },
    { title: 'SHA-256', text: ({ sha256 }) => sha256 },
    { title: 'NAME', text: ({ name }) => name },
  ])
}

function reportText(report: ArchiveReport, { bases }: ArchiveAccess): string {
  const problems = report.problems.map(({ entry, why }) => `${entry === '' ? '' : `${entry}: `}${why}\n`)
  const open = report.unchecked === 0 ? '' : `; ${report.unchecked} left to the base, which was not given`
  const from = bases.length === 0 ? '' : ', those of the base among them'
  const verdict = report.ok ? 'ok' : 'DAMAGED'
  return `${problems.join('')}${verdict}: ${report.files} entries, ${bytesText(report.bytes)} read${from}${open}\n`
}

async function pointText({ id, payload, vectors }: Point): Promise<string> {
  const { plainVector } = await engine()
  const plain = Object.entries(vectors ?? {}).map(([name, vector]) => [name, plainVector(vector)])
  return `${json({ id, payload: payload ?? null, vectors: Object.fromEntries(plain) as object })}\n`
}

/** One line that changes, on a terminal. */
function progressOn(screen: NodeJS.WriteStream): (progress: { done: number; total: number }) => void {
  let shown = ''
  return ({ done, total }) => {
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100)
    const text = `verify  ${percent} %  of ${bytesText(total)}`
    if (!screen.isTTY || text === shown) return
    shown = text
    screen.write(`\r\x1b[K${text}`)
  }
}

function json(value: unknown): string {
  return stringifyJson(value as JsonValue)
}

/** Waits while the reader at the other end of a pipe is slower. */
async function print(text: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}
