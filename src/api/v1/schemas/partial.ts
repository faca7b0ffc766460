import { z } from 'zod'
import { stemmerLanguages, stopwordLanguages } from '../../../index.ts'
import { filterSchema } from './filter.ts'
import { anyObject, pointId } from './values.ts'

const payloadIndex = z
  .strictObject({
    type: z.enum(['keyword', 'integer', 'float', 'bool', 'datetime', 'uuid', 'text', 'geo']),
    tokenizer: z.enum(['word', 'whitespace', 'prefix', 'multilingual']).exactOptional(),
    lowercase: z.boolean().exactOptional(),
    minTokenLength: z.int().nonnegative().exactOptional(),
    maxTokenLength: z.int().nonnegative().exactOptional(),
    phraseMatching: z.boolean().exactOptional(),
    asciiFolding: z.boolean().exactOptional(),
    stopwords: z.array(z.string()).exactOptional(),
    stopwordLanguages: z.array(z.enum(stopwordLanguages)).exactOptional(),
    stemmer: z.enum(stemmerLanguages).exactOptional(),
    lookup: z.boolean().exactOptional(),
    range: z.boolean().exactOptional(),
  })
  .meta({ id: 'PayloadIndex' })

export const partialBody = z
  .strictObject({
    as: z.string().meta({ description: 'Name of the new collection.' }),
    filter: filterSchema.optional(),
    ids: z
      .array(pointId)
      .optional()
      .meta({ description: 'Only these points, as far as they pass the filter.' }),
    partitions: z.array(z.string()).optional().meta({ description: 'Only the points of these partitions.' }),
    vectors: z.array(z.string()).optional().meta({ description: 'Only the vectors of these names.' }),
    payload: z
      .strictObject({
        include: z.array(z.string()).exactOptional(),
        exclude: z.array(z.string()).exactOptional(),
      })
      .optional()
      .meta({ description: 'First only the paths that are included, of that all but what is excluded.' }),
    shardNumber: z.int().min(1).optional(),
    payloadIndexes: z
      .record(z.string(), payloadIndex)
      .optional()
      .meta({ description: 'Replaces the indexes.' }),
    vectorSettings: z
      .record(z.string(), anyObject)
      .optional()
      .meta({ description: 'Replaces the settings of these vectors; size and distance stay.' }),
    settings: anyObject.optional().meta({ description: 'Replaces the settings of the collection.' }),
  })
  .meta({ description: 'What is left out stays as it is in the source.' })
