import { at } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { collectionLine, type CollectionJson } from '../collection.ts'
import { append, apiCommand } from '../command.ts'
import type { SnapshotJson, SnapshotPageJson } from './shown.ts'

interface RestoreFlags {
  readonly collection?: readonly string[]
  readonly replace?: boolean
  readonly aliases?: boolean
  readonly undoName?: string
}

interface Restored {
  readonly collections: readonly CollectionJson[]
  readonly undo: SnapshotJson | null
}

export const restoreCommand = apiCommand<RestoreFlags>(
  'restore <snapshot>',
  'Restore collections of a snapshot: all of them, or those that are named, all or none.',
  (command) =>
    command
      .option(
        '--collection <NAME[=NEW]>',
        'this one, under a new name if one is given; may be repeated',
        append,
      )
      .option('--replace', 'collections of these names are replaced in place')
      .option('--aliases', 'restore the aliases, too')
      .option('--undo-name <NAME>', 'of the snapshot that keeps what is replaced'),
  async (api, output, { collection, replace, aliases, undoName }, [snapshot]) => {
    const body = { collections: targetsOf(collection), replace, aliases, undoName }
    const restored = await api.call<Restored>('POST', at`/snapshots/${snapshot!}/restore`, { body })
    output.show(restored, ({ collections, undo }) =>
      [...collections.map((one) => `restored ${collectionLine(one)}`), ...undoLine(undo)].join('\n'),
    )
  },
)

function targetsOf(names: readonly string[] | undefined): Record<string, string> | undefined {
  if (names === undefined) return undefined
  return Object.fromEntries(
    names.map((text) => {
      const equals = text.indexOf('=')
      return equals < 1 ? [text, text] : [text.slice(0, equals), text.slice(equals + 1)]
    }),
  )
}

function undoLine(undo: SnapshotJson | null): readonly string[] {
  return undo === null ? [] : [`what was replaced is kept as ${undo.name} (${undo.id})`]
}

export const cloneCommand = apiCommand<object>(
  'clone <reference> <name>',
  'A writable copy of <collection>, <collection>@<snapshot>, …@<time> or …@seq:<n>.',
  (command) => command,
  async (api, output, _flags, [reference, name]) => {
    const made = await api.call<CollectionJson>('POST', at`/collections/${reference!}/clone`, {
      body: { as: name },
    })
    output.show(made, (one) => `cloned ${collectionLine(one)}`)
  },
)

interface RollbackFlags {
  readonly undoName?: string
}

interface RolledBack {
  readonly undo: SnapshotJson
}

export const rollbackCommand = apiCommand<RollbackFlags>(
  'rollback <collection> <to>',
  'In place: what the collection was at a snapshot, an RFC 3339 time or seq:<n>.',
  (command) => command.option('--undo-name <NAME>', 'of the snapshot that keeps what is replaced'),
  async (api, output, { undoName }, [collection, to]) => {
    const path = at`/collections/${collection!}/rollback`
    const done = await api.call<RolledBack>('POST', path, { body: { to, undoName } })
    output.show(done, ({ undo }) => [`${collection!} is what it was at ${to!}`, ...undoLine(undo)].join('\n'))
  },
)

export const undoCommand = apiCommand<object>(
  'undo <collection>',
  'Take back the last rollback of a collection; once more does it again.',
  (command) => command,
  async (api, output, _flags, [collection]) => {
    const { name } = await api.call<CollectionJson>('GET', at`/collections/${collection!}`)
    const { snapshots } = await api.call<SnapshotPageJson>('GET', '/snapshots', {
      query: { collection: name, reason: 'before-rollback', limit: 1 },
    })
    const [last] = snapshots
    if (last === undefined)
      throw new CliError(`Cannot undo: there was no rollback of ${collection!}, or it was deleted`)
    const done = await api.call<RolledBack>('POST', at`/collections/${collection!}/rollback`, {
      body: { to: last.id },
    })
    output.show(done, ({ undo }) =>
      [`${collection!} is what it was before: ${last.name}`, ...undoLine(undo)].join('\n'),
    )
  },
)
