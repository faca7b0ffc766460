import { z } from 'zod'
import { answers, defineRoute, ok, type Route, type V1Door } from '../route.ts'
import { seq, time } from '../schemas/values.ts'

const tag = 'retention'
const retentionSchema = z
  .object({
    windowMs: z.int().nonnegative().meta({ description: '0: no past is kept beside the snapshots.' }),
    horizon: seq.meta({ description: 'The oldest number that can be read.' }),
    horizonTime: time
      .nullable()
      .meta({ description: 'The oldest time that can be read; null without a window.' }),
  })
  .meta({ id: 'Retention' })

const show = defineRoute({
  id: 'getRetention',
  method: 'GET',
  path: '/retention',
  tag,
  summary: 'How far back any moment can be read',
  answers: answers(retentionSchema, 'The window.'),
  handle: async (door) => ok(retentionOf(door)),
})

const set = defineRoute({
  id: 'setRetention',
  method: 'PUT',
  path: '/retention',
  tag,
  summary: 'Keep every moment from now on for so long; 0 lets the past go',
  body: z.strictObject({ windowMs: z.int().nonnegative() }),
  example: { windowMs: 86_400_000 },
  answers: answers(retentionSchema, 'The window as it is now.'),
  handle: async (door, { body }) => {
    await door.database.setRetention(body)
    return ok(retentionOf(door))
  },
})

function retentionOf({ database }: V1Door): z.output<typeof retentionSchema> {
  const { windowMs, horizon, horizonTime } = database.retention()
  return { windowMs, horizon, horizonTime: horizonTime ?? null }
}

export const retentionRoutes: readonly Route[] = [show, set]
