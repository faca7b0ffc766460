import type { z } from 'zod'
import type { collectionSchema } from '../api/v1/schemas/collections.ts'
import { at } from './api-client.ts'
import { apiCommand, group } from './command.ts'
import { facts, table } from './table.ts'
import { parseJsonFlag } from './words.ts'

export type CollectionJson = z.output<typeof collectionSchema>

export function collectionLine({ name, pointCount }: CollectionJson): string {
  return `${name} (${pointCount} points)`
}

function vectorsText({ config }: CollectionJson): string {
  return Object.entries(config.vectors)
    .map(([name, { size, distance }]) => `${name === '' ? '' : `${name} `}${size} ${distance}`)
    .join(', ')
}

/** Nothing of them where there is only the default one. */
function partitionFacts({ partitions }: CollectionJson): (readonly [string, string])[] {
  const counts = Object.entries(partitions)
  if (counts.length === 1) return []
  return counts.map(([name, points]) => ['partition', `${name} (${points} points)`] as const)
}

const listCommand = apiCommand<object>(
  'list',
  'The collections as they are.',
  (command) => command,
  async (api, output) => {
    const answer = await api.call<{ readonly collections: readonly CollectionJson[] }>('GET', '/collections')
    output.show(answer, ({ collections }) =>
      collections.length === 0
        ? 'no collections'
        : table(collections, [
            { title: 'NAME', text: ({ name }) => name },
            { title: 'POINTS', text: ({ pointCount }) => String(pointCount), isNumber: true },
            { title: 'SHARDS', text: ({ config }) => String(config.shardNumber), isNumber: true },
            { title: 'VECTORS', text: vectorsText },
            { title: 'ID', text: ({ id }) => id },
          ]),
    )
  },
)

const showCommand = apiCommand<object>(
  'show <reference>',
  'A collection as it is, or as it was at @<snapshot>, @<RFC 3339 time> or @seq:<n>.',
  (command) => command,
  async (api, output, _flags, [reference]) => {
    const one = await api.call<CollectionJson>('GET', at`/collections/${reference!}`)
    output.show(one, (shown) =>
      facts([
        ['name', shown.name],
        ['id', shown.id],
        ['points', String(shown.pointCount)],
        ['shards', `${shown.config.shardNumber} (${shown.shardPointCounts.join(', ')} points)`],
        ...partitionFacts(shown),
        ['segments', String(shown.segmentCount)],
        ['vectors', vectorsText(shown)],
        ...Object.entries(shown.config.payloadIndexes ?? {}).map(
          ([field, { type }]) =>
            ['index', `${field} ${type} (${shown.indexedPoints[field] ?? 0} points)`] as const,
        ),
      ]),
    )
  },
)

interface CountFlags {
  readonly filter?: string
}

const countCommand = apiCommand<CountFlags>(
  'count <reference>',
  'How many points a collection has or had.',
  (command) => command.option('--filter <JSON>', 'only those that pass, in the words of docs/api.md'),
  async (api, output, { filter }, [reference]) => {
    const body = { filter: filter === undefined ? undefined : parseJsonFlag('--filter', filter) }
    const answer = await api.call<{ readonly count: number }>('POST', at`/collections/${reference!}/count`, {
      body,
    })
    output.show(answer, ({ count }) => String(count))
  },
)

export const collectionCommand = group('collection', 'Collections, as they are and as they were.', [
  listCommand,
  showCommand,
  countCommand,
])
