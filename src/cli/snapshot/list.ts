import { append, apiCommand } from '../command.ts'
import { snapshotFacts, snapshotTable, type SnapshotJson, type SnapshotPageJson } from './shown.ts'
import { at } from '../api-client.ts'

interface ListFlags {
  readonly collection?: string
  readonly scope?: string
  readonly name?: string
  readonly label?: readonly string[]
  readonly reason?: string
  readonly from?: string
  readonly before?: string
  readonly held?: boolean
  readonly verified?: boolean
  readonly sort?: string
  readonly order?: string
  readonly limit?: string
  readonly after?: string
}

export const listCommand = apiCommand<ListFlags>(
  'list',
  'Snapshots, the newest first.',
  (command) =>
    command
      .option('--collection <NAME>', 'that hold this collection')
      .option('--scope <SCOPE>', 'collection, several, store or shard')
      .option('--name <PATTERN>', '* stands for any characters')
      .option('--label <NAME=VALUE>', 'may be repeated', append)
      .option('--reason <PATTERN>', '* stands for any characters')
      .option('--from <TIME>', 'created then or later (RFC 3339)')
      .option('--before <TIME>', 'created earlier (RFC 3339)')
      .option('--held', 'that a hold keeps')
      .option('--no-held', 'that no hold keeps')
      .option('--verified', 'whose last verification found nothing wrong')
      .option('--no-verified', 'that were never verified, or are damaged')
      .option('--sort <KEY>', 'created or name')
      .option('--order <ORDER>', 'asc or desc')
      .option('--limit <N>', '1 to 1000 (default 100)')
      .option('--after <CURSOR>', 'the next page'),
  async (api, output, flags) => {
    const { collection, scope, name, label, reason, sort, order, limit, after } = flags
    const page = await api.call<SnapshotPageJson>('GET', '/snapshots', {
      query: {
        ...{ collection, scope, name, label, reason, sort, order, limit, after },
        createdFrom: flags.from,
        createdBefore: flags.before,
        isHeld: flags.held,
        isVerified: flags.verified,
      },
    })
    output.show(page, ({ snapshots }) => snapshotTable(snapshots))
    if (page.next !== null) output.note(`there are more: --after ${page.next}`)
  },
)

export const showCommand = apiCommand<object>(
  'show <snapshot>',
  'One snapshot, by id, name or <collection>@<name>.',
  (command) => command,
  async (api, output, _flags, [snapshot]) =>
    output.show(await api.call<SnapshotJson>('GET', at`/snapshots/${snapshot!}`), snapshotFacts),
)
