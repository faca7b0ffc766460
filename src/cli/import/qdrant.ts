import { Command } from 'commander'
import type { MoveResult } from '../../api/qdrant/move-in/move-run.ts'
import { systemEnvironment } from '../../runtime/environment.ts'
import { append, outputOf, type Output } from '../command.ts'
import { misused } from '../cli-error.ts'
import { withApi } from '../connect.ts'
import type { Job } from '../follow-job.ts'
import { parseCount } from '../words.ts'

interface QdrantFlags {
  readonly url: string
  readonly apiKey?: string
  readonly collection?: readonly string[]
  readonly replace?: boolean
  readonly aliases: boolean
  readonly parallel?: string
  readonly compare: boolean
  readonly snapshot?: boolean
  readonly to?: string
  readonly toApiKey?: string
  readonly storagePath?: string
  readonly json?: boolean
}

// Not like the other commands: here --url is the server that is read from.
export const qdrantCommand = new Command('qdrant')
  .description(
    'Copy collections, aliases and indexes of a running Qdrant server; goes on where it was cut off.',
  )
  .allowExcessArguments(false)
  .requiredOption('--url <URL>', 'of the Qdrant server')
  .option('--api-key <KEY>', 'of the Qdrant server; a read-only one will do (default $QDRANT_API_KEY)')
  .option(
    '--collection <NAME[=NEW]>',
    'this one (default: all), perhaps under a new name; may be repeated',
    append,
  )
  .option('--replace', 'replace collections and aliases of these names; what they were is kept as a snapshot')
  .option('--no-aliases', 'leave aliases out')
  .option('--parallel <N>', 'requests under way at once, 1 to 32 (default 4)')
  .option('--no-compare', 'do not read the source a second time to compare it point by point')
  .option(
    '--snapshot',
    'let the source make snapshots and read those: one moment (the key must be one that may write)',
  )
  .option('--to <URL>', 'of the server that copies (default $STILLPOINT_URL or http://127.0.0.1:6333)')
  .option('--to-api-key <KEY>', 'of that server (default $STILLPOINT_API_KEY)')
  .option(
    '--storage-path <PATH>',
    'a store that no server has open, instead of a server; made if it is not there',
  )
  .option('--json', 'print what the API gave')
  .action(run)

async function run(flags: QdrantFlags): Promise<void> {
  const { to, toApiKey, storagePath } = flags
  const output = outputOf(flags.json === true)
  const apiKey = flags.apiKey ?? systemEnvironment()['QDRANT_API_KEY']
  warnOfPlainKey(output, flags.url, apiKey)
  const body = bodyOf(flags)
  const target = {
    ...(to === undefined ? {} : { url: to }),
    ...(toApiKey === undefined ? {} : { apiKey: toApiKey }),
    ...(storagePath === undefined ? {} : { storagePath, isWritten: true }),
  }
  await withApi(target, async (api) => {
    const headers = apiKey === undefined ? {} : { 'source-api-key': apiKey }
    const job = api.call<Job>('POST', '/imports/qdrant', { body, headers })
    output.show(await output.follow<MoveResult>(api, job), textOf)
  })
}

function bodyOf({ url, collection, replace, aliases, parallel, compare, snapshot }: QdrantFlags): object {
  return {
    url,
    collections: namesOf(collection),
    replace,
    aliases: aliases ? undefined : false,
    parallel: parallel === undefined ? undefined : parseCount('--parallel', parallel),
    compare: compare ? undefined : false,
    snapshot,
  }
}

function namesOf(texts: readonly string[] | undefined): Record<string, string> | undefined {
  if (texts === undefined) return undefined
  const names = texts.map((text): [string, string] => {
    const equals = text.indexOf('=')
    return equals < 1 ? [text, text] : [text.slice(0, equals), text.slice(equals + 1)]
  })
  const twice = names.find(([name], index) => names.findIndex(([other]) => other === name) !== index)
  if (twice !== undefined) throw misused(`Cannot copy collection ${twice[0]} twice`)
  return Object.fromEntries(names)
}

function warnOfPlainKey(output: Output, url: string, apiKey: string | undefined): void {
  if (apiKey === undefined || !/^http:\/\/(?!127\.|localhost[:/]|localhost$|\[::1\])/i.test(url)) return
  output.note('warning: the key is sent over http, which anybody on the way can read')
}

function textOf({ collections, aliases, undo }: MoveResult): string {
  const lines = collections.map(
    (one) => `copied ${one.name} (${one.pointCount} points): ${comparisonOf(one)}`,
  )
  const named = Object.entries(aliases).map(([alias, name]) => `alias ${alias} -> ${name}`)
  const kept = undo === null ? [] : [`what was replaced is kept as ${undo}`]
  return [...lines, ...named, ...kept, ...(collections.length === 0 ? ['nothing to copy'] : [])].join('\n')
}

function comparisonOf(one: MoveResult['collections'][number]): string {
  const { isIdentical, contentHash, changedPoints, pointCount, sourcePointCount } = one
  const counts =
    pointCount === sourcePointCount ? '' : `; the source counts ${sourcePointCount} points by now`
  if (isIdentical === null || contentHash === null) return `not compared${counts}`
  const changed =
    changedPoints === 0 ? '' : `, ${changedPoints} points had changed meanwhile and were copied again`
  if (isIdentical) return `same as the source, content ${contentHash.slice(0, 16)}${changed}`
  return `NOT the same as the source, which is being written to${changed}${counts}`
}
