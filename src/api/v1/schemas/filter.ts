import { z } from 'zod'
import type { Filter } from '../../../index.ts'
import { pointId } from './values.ts'

// Filters as the embedded API has them.

const integer = z
  .custom<number | bigint>(
    (value) => typeof value === 'bigint' || Number.isSafeInteger(value),
    'expected an integer',
  )
  .meta({ type: 'integer' })
const listed = z.union([z.string(), integer])
const matchSchema = z
  .union([
    z.strictObject({ value: z.union([z.string(), z.boolean(), z.number(), integer]) }),
    z.strictObject({ any: z.array(listed) }),
    z.strictObject({ except: z.array(listed) }),
    z.strictObject({ text: z.string() }),
    z.strictObject({ textAny: z.string() }),
    z.strictObject({ phrase: z.string() }),
    z.strictObject({ prefix: z.string() }),
  ])
  .meta({ id: 'Match' })

function rangeOf<T extends z.ZodType>(bound: T) {
  return z.strictObject({
    gt: bound.exactOptional(),
    gte: bound.exactOptional(),
    lt: bound.exactOptional(),
    lte: bound.exactOptional(),
  })
}

const geoPoint = z
  .strictObject({ lon: z.number().min(-180).max(180), lat: z.number().min(-90).max(90) })
  .meta({ id: 'GeoPoint' })

const fieldCondition = z
  .strictObject({
    kind: z.literal('field'),
    path: z.string().meta({ description: '`a.b`, `a[].b`, `a[0]`, `"quoted"`.' }),
    match: matchSchema.exactOptional(),
    range: rangeOf(z.number()).exactOptional(),
    datetimeRange: rangeOf(z.string()).exactOptional().meta({ description: 'RFC 3339.' }),
    geoBoundingBox: z.strictObject({ topLeft: geoPoint, bottomRight: geoPoint }).exactOptional(),
    geoRadius: z
      .strictObject({ center: geoPoint, radius: z.number().nonnegative() })
      .exactOptional()
      .meta({ description: 'Radius in metres.' }),
    geoPolygon: z
      .strictObject({ exterior: z.array(geoPoint), interiors: z.array(z.array(geoPoint)).exactOptional() })
      .exactOptional(),
    valuesCount: rangeOf(z.number()).exactOptional(),
    isEmpty: z.boolean().exactOptional(),
    isNull: z.boolean().exactOptional(),
  })
  .meta({ id: 'FieldCondition' })

export const filterSchema: z.ZodType<Filter> = z
  .lazy(() =>
    z.strictObject({
      must: z.array(conditionSchema).exactOptional(),
      should: z.array(conditionSchema).exactOptional(),
      mustNot: z.array(conditionSchema).exactOptional(),
      minShould: z
        .strictObject({ conditions: z.array(conditionSchema), minCount: z.int().min(1) })
        .exactOptional(),
    }),
  )
  .meta({ id: 'Filter', description: 'All of `must`, one of `should`, none of `mustNot`, n of `minShould`.' })

const conditionSchema = z
  .discriminatedUnion('kind', [
    fieldCondition,
    z.strictObject({ kind: z.literal('is-empty'), path: z.string() }),
    z.strictObject({ kind: z.literal('is-null'), path: z.string() }),
    z.strictObject({ kind: z.literal('has-id'), ids: z.array(pointId) }),
    z.strictObject({ kind: z.literal('has-vector'), name: z.string() }),
    z.strictObject({ kind: z.literal('nested'), path: z.string(), filter: filterSchema }),
    z.strictObject({ kind: z.literal('slice'), index: z.int().nonnegative(), total: z.int().min(1) }),
    z.strictObject({ kind: z.literal('filter'), filter: filterSchema }),
  ])
  .meta({ id: 'Condition' })
