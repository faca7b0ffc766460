import { at } from '../api-client.ts'
import { append, apiCommand } from '../command.ts'
import type { Job } from '../follow-job.ts'
import { parseCount, parseJsonFlag } from '../words.ts'

interface PartialFlags {
  readonly filter?: string
  readonly id?: readonly string[]
  readonly partition?: readonly string[]
  readonly vector?: readonly string[]
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  readonly shards?: string
  readonly indexes?: string
  readonly settings?: string
  readonly vectorSettings?: string
}

interface Restored {
  readonly collection: string
  readonly pointCount: number
}

export const restorePartialCommand = apiCommand<PartialFlags>(
  'restore-partial <reference> <name>',
  'A new collection with a part of <collection>, …@<snapshot>, …@<time> or …@seq:<n>, changed on the way.',
  (command) =>
    command
      .option('--filter <JSON>', 'only points that pass (docs/api.md)')
      .option('--id <ID>', 'only this point; may be repeated', append)
      .option('--partition <NAME>', 'only the points of this partition; may be repeated', append)
      .option('--vector <NAME>', 'only this vector; may be repeated', append)
      .option('--include <PATH>', 'only this payload path; may be repeated', append)
      .option('--exclude <PATH>', 'all but this payload path; may be repeated', append)
      .option('--shards <N>', 'another number of shards')
      .option('--indexes <JSON>', 'payload indexes instead of those of the source')
      .option('--settings <JSON>', 'settings of the collection instead of those of the source')
      .option('--vector-settings <JSON>', 'settings of vectors, by name'),
  async (api, output, flags, [reference, name]) => {
    const body = bodyOf(flags, name!)
    const job = api.call<Job>('POST', at`/collections/${reference!}/restore-partial`, { body })
    const restored = await output.follow<Restored>(api, job)
    output.show(restored, ({ collection, pointCount }) => `restored ${collection} (${pointCount} points)`)
  },
)

function bodyOf(flags: PartialFlags, as: string): object {
  const { filter, id, partition, vector, include, exclude, shards, indexes, settings, vectorSettings } = flags
  const json = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : parseJsonFlag(flag, text)
  return {
    as,
    filter: json('--filter', filter),
    ids: id?.map((text) => (/^\d+$/.test(text) ? exact(text) : text)),
    partitions: partition,
    vectors: vector,
    payload: include === undefined && exclude === undefined ? undefined : { include, exclude },
    shardNumber: shards === undefined ? undefined : parseCount('--shards', shards),
    payloadIndexes: json('--indexes', indexes),
    settings: json('--settings', settings),
    vectorSettings: json('--vector-settings', vectorSettings),
  }
}

function exact(digits: string): number | bigint {
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number : BigInt(digits)
}
