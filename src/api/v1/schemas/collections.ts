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
          distance: z.enum(['Cosine', 'Dot', 'Euclid', 'Manhattan']),
          settings: anyObject.optional(),
        }),
      ),
      shardNumber: z.int(),
      payloadIndexes: z.record(z.string(), z.looseObject({ type: z.string() })).optional(),
      settings: anyObject.optional(),
    }),
    pointCount: z.int(),
    shardPointCounts: z.array(z.int()),
    segmentCount: z.int(),
    vectorCount: z.int(),
    vectorCounts: z.record(z.string(), z.int()).meta({ description: 'By the names of the vectors.' }),
    indexedPoints: z.record(z.string(), z.int()),
  })
  .meta({ id: 'Collection' })
