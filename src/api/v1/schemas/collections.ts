import { z } from 'zod'
import { anyObject } from './values.ts'

export const referenceParam = {
  reference: z.string().min(1).meta({
    description:
      'A collection or an alias, as it is; with `@<snapshot>`, `@<RFC 3339 time>` or `@seq:<n>` behind it, as it was.',
  }),
}

export const nameParam = { name: z.string().min(1).meta({ description: 'A collection or an alias.' }) }

export const collectionSchema = z
  .object({
    name: z.string(),
    id: z.string(),
    config: z.object({
      vectors: z.record(
        z.string(),
        z.object({
          size: z.int(),
          distance: z.enum(['Cosine', 'Dot', 'Euclid', 'Manhattan', 'Jaccard']),
          keepsLength: z
            .boolean()
            .optional()
            .meta({ description: 'Cosine of vectors that are stored as they were given.' }),
          settings: anyObject.optional(),
        }),
      ),
      shardNumber: z.int().meta({ description: 'Of each partition.' }),
      partitions: z.array(z.string().nullable()).optional(),
      payloadIndexes: z.record(z.string(), z.looseObject({ type: z.string() })).optional(),
      settings: anyObject.optional(),
    }),
    pointCount: z.int(),
    partitions: z
      .record(z.string(), z.int())
      .meta({ description: 'Points by partition; `_default` is always there.' }),
    shardPointCounts: z.array(z.int()).meta({ description: '`shardNumber` for each partition.' }),
    segmentCount: z.int(),
    vectorCount: z.int(),
    vectorCounts: z.record(z.string(), z.int()).meta({ description: 'By the names of the vectors.' }),
    indexedPoints: z.record(z.string(), z.int()),
  })
  .meta({ id: 'Collection' })
