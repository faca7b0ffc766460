import { z } from 'zod'
import { filterSchema } from './filter.ts'
import { anyObject, pointId, seq } from './values.ts'

const paths = z.array(z.string())
export const payloadSelection = z
  .union([z.boolean(), z.strictObject({ include: paths }), z.strictObject({ exclude: paths })])
  .meta({ id: 'PayloadSelection', description: 'Everything, nothing, only these paths, or all but these.' })
export const vectorSelection = z.union([z.boolean(), z.array(z.string())]).meta({
  id: 'VectorSelection',
  description: 'All, none, or these names; the unnamed vector is the empty name.',
})

const selection = {
  payload: payloadSelection.optional().meta({ description: 'Default false.' }),
  vectors: vectorSelection.optional().meta({ description: 'Default false.' }),
}

const count = z.int().nonnegative()

export const queryBody = z.strictObject({
  vector: z
    .array(z.number())
    .optional()
    .meta({ description: 'Without one: points in id order, or a sample.' }),
  sample: z.boolean().optional(),
  using: z.string().optional().meta({ description: "Name of the vector to search. Default ''." }),
  filter: filterSchema.optional(),
  limit: count.optional().meta({ description: 'Default 10.' }),
  offset: count.optional(),
  scoreThreshold: z.number().optional(),
  ...selection,
})

export const scrollBody = z.strictObject({
  filter: filterSchema.optional(),
  limit: count.optional().meta({ description: 'Default 10.' }),
  offset: pointId.optional().meta({ description: '`next` of the page before.' }),
  orderBy: z
    .strictObject({
      path: z.string(),
      direction: z.enum(['asc', 'desc']).exactOptional(),
      startFrom: z.union([z.number(), z.string()]).exactOptional(),
    })
    .optional(),
  ...selection,
})

export const countBody = z.strictObject({ filter: filterSchema.optional() })
export const getBody = z.strictObject({ ids: z.array(pointId), ...selection })

const point = {
  id: pointId,
  version: seq.meta({ description: 'Number of the write that made this version.' }),
  payload: anyObject.optional(),
  vectors: z.record(z.string(), z.array(z.number())).optional(),
}
export const pointSchema = z.object(point).meta({ id: 'Point' })
export const scoredPointSchema = z.object({ ...point, score: z.number() }).meta({ id: 'ScoredPoint' })
export const pageSchema = z.object({
  points: z.array(pointSchema),
  orderValues: z.array(z.union([z.number(), z.string()])).optional(),
  next: pointId.nullable().meta({ description: "For the next page's `offset`; null at the end." }),
})
