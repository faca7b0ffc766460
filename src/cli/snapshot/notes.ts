import { systemClock } from '../../runtime/clock.ts'
import { at } from '../api-client.ts'
import { misused } from '../cli-error.ts'
import { apiCommand } from '../command.ts'
import { parseDuration, parsePairs } from '../words.ts'
import { snapshotFacts, untilText, type SnapshotJson } from './shown.ts'

interface LabelFlags {
  readonly name?: string
  readonly description?: string
  readonly reason?: string
}

export const labelCommand = apiCommand<LabelFlags>(
  'label <snapshot> [labels...]',
  'Set labels (name=value), take them away (name-), or change what is said of a snapshot.',
  (command) =>
    command
      .option('--name <NAME>', 'a new name')
      .option('--description <TEXT>', 'what it is')
      .option('--reason <TEXT>', 'why it was made'),
  async (api, output, { name, description, reason }, [snapshot, ...texts]) => {
    const path = at`/snapshots/${snapshot!}`
    const labels =
      texts.length === 0 ? undefined : changedLabels(await api.call<SnapshotJson>('GET', path), texts)
    const changed = await api.call<SnapshotJson>('PATCH', path, {
      body: { name, description, reason, labels },
    })
    output.show(changed, snapshotFacts)
  },
)

function changedLabels({ labels }: SnapshotJson, texts: readonly string[]): Record<string, string> {
  const isRemoval = (text: string): boolean => text.endsWith('-') && !text.includes('=')
  const removed = new Set(texts.filter(isRemoval).map((text) => text.slice(0, -1)))
  const kept = Object.entries(labels).filter(([name]) => !removed.has(name))
  return {
    ...Object.fromEntries(kept),
    ...parsePairs(
      'label',
      texts.filter((text) => !isRemoval(text)),
    ),
  }
}

type Hold = SnapshotJson['holds'][number]

interface HoldFlags {
  readonly reason?: string
  readonly until?: string
  readonly for?: string
}

export const holdCommand = apiCommand<HoldFlags>(
  'hold <snapshot>',
  'Keep a snapshot from being deleted.',
  (command) =>
    command
      .option('--reason <TEXT>', 'why')
      .option('--until <TIME>', 'RFC 3339 (default: until it is released)')
      .option('--for <DURATION>', 'for so long from now, such as 30d'),
  async (api, output, { reason, until, for: span }, [snapshot]) => {
    if (until !== undefined && span !== undefined) throw misused('Give --until or --for, not both')
    const end = span === undefined ? until : systemClock.now() + parseDuration(span)
    const hold = await api.call<Hold>('POST', at`/snapshots/${snapshot!}/holds`, {
      body: { reason, until: end },
    })
    output.show(hold, (made) => `${made.id}  until ${untilText(made.until)}`)
  },
)

export const releaseCommand = apiCommand<object>(
  'release <snapshot> [holds...]',
  'Release holds by their ids, or (none named) all of them.',
  (command) => command,
  async (api, output, _flags, [snapshot, ...named]) => {
    const path = at`/snapshots/${snapshot!}`
    const holds =
      named.length > 0 ? named : (await api.call<SnapshotJson>('GET', path)).holds.map(({ id }) => id)
    for (const hold of holds) await api.call('DELETE', path + at`/holds/${hold}`)
    output.show(await api.call<SnapshotJson>('GET', path), () => `released ${holds.length}`)
  },
)

export const deleteCommand = apiCommand<object>(
  'delete <snapshots...>',
  'Delete snapshots that nothing holds.',
  (command) => command,
  async (api, output, _flags, snapshots) => {
    for (const snapshot of snapshots) await api.call('DELETE', at`/snapshots/${snapshot}`)
    output.show({ deleted: snapshots }, ({ deleted }) => `deleted ${deleted.join(', ')}`)
  },
)
