import { z } from 'zod'
import { errorCodes } from '../../../index.ts'
import { doorCodes } from '../errors.ts'

export const errorSchema = z
  .object({
    error: z.object({
      code: z
        .enum([...(Object.keys(errorCodes) as (keyof typeof errorCodes)[]), ...doorCodes])
        .meta({ description: 'Names the event; see docs/errors.md. Stable.' }),
      message: z.string().meta({ description: 'For people. Not stable.' }),
      details: z
        .record(z.string(), z.unknown())
        .meta({ description: 'Values; of a faulty request `issues`, each with the path of the field.' }),
    }),
  })
  .meta({ id: 'Error' })
