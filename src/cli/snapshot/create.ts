import { systemClock } from '../../runtime/clock.ts'
import { append, apiCommand } from '../command.ts'
import { parseCount, parseDuration, parsePairs } from '../words.ts'
import { snapshotFacts, type SnapshotJson } from './shown.ts'

interface CreateFlags {
  readonly shard?: string
  readonly name?: string
  readonly label?: readonly string[]
  readonly description?: string
  readonly reason?: string
  readonly hold?: boolean
  readonly holdFor?: string
}

export const createCommand = apiCommand<CreateFlags>(
  'create [collections...]',
  'Take a snapshot of one collection, of several in one cut, or (none named) of the whole store.',
  (command) =>
    command
      .option('--shard <N>', 'of the one collection that is named, this shard only; the first is 0')
      .option('--name <NAME>', 'default: snapshot-<time>-<random>')
      .option('--label <NAME=VALUE>', 'may be repeated', append)
      .option('--description <TEXT>', 'what it is')
      .option('--reason <TEXT>', 'why it is made (default manual)')
      .option('--hold', 'nobody can delete it until the hold is released')
      .option('--hold-for <DURATION>', 'nobody can delete it for so long, such as 30d'),
  async (api, output, { shard, name, label, description, reason, hold, holdFor }, collections) => {
    const made = await api.call<SnapshotJson>('POST', '/snapshots', {
      body: {
        collections: collections.length === 0 ? undefined : collections,
        shard: shard === undefined ? undefined : parseCount('--shard', shard),
        name,
        description,
        reason,
        labels: label === undefined ? undefined : parsePairs('label', label),
        hold: holdOf(hold, holdFor),
      },
    })
    output.show(made, snapshotFacts)
  },
)

function holdOf(isHeld: boolean | undefined, holdFor: string | undefined): object | undefined {
  if (holdFor !== undefined) return { until: systemClock.now() + parseDuration(holdFor) }
  return isHeld === true ? {} : undefined
}
