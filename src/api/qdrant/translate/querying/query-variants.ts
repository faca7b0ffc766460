import type { FusionMethod, JsonObject, JsonValue } from '../../../../index.ts'
import {
  buffered,
  DecodeError,
  float,
  isObject,
  list,
  memberOf,
  oneOf,
  optional,
  required,
  rustFloat,
  struct,
  usize,
  type Decoder,
} from '../../decode.ts'
import { invalid } from '../../failures.ts'
import { checkBounds } from '../checks.ts'
import { orderBy } from '../reads.ts'
import { faultOf } from '../vectors.ts'
import { contextPairs, example, exampleList } from './examples.ts'
import { formulaQuery } from './formula.ts'
import type { Aim, GivenDiversity, GivenFeedback, GivenRecommend } from './given-query.ts'

type Variant = (value: JsonObject, field: string) => Aim

const mmr = struct<GivenDiversity>('Mmr', {
  diversity: optional(float('f32')),
  candidates_limit: optional(usize),
})

export const strategies = ['average_vector', 'best_score', 'sum_scores'] as const
const recommendStruct = struct('RecommendInput', {
  positive: optional(exampleList),
  negative: optional(exampleList),
  strategy: optional(oneOf(...strategies)),
})
const rrfStruct = struct('Rrf', { k: optional(usize), weights: optional(list(float('f32'))) })
const feedbackStruct = struct('RelevanceFeedbackInput', {
  target: required(example),
  feedback: required(
    list(struct('FeedbackItem', { example: required(example), score: required(float('f32')) })),
  ),
  strategy: required(
    struct('FeedbackStrategy', {
      naive: required(
        struct('NaiveFeedbackStrategyParams', {
          a: required(float('f32')),
          b: required(float('f32')),
          c: required(float('f32')),
        }),
      ),
    }),
  ),
})

/** By the member that tells them, in the order in which they are tried. */
const variants: Readonly<Record<string, Variant>> = {
  nearest: (value) => {
    const diversity = memberOf(value, 'mmr')
    const to = example(value['nearest']!)
    return { kind: 'nearest', to, mmr: diversity === undefined ? undefined : mmr(diversity) }
  },
  recommend: (value) => {
    const { positive = [], negative = [], strategy } = recommendStruct(value['recommend']!)
    return { kind: 'recommend', positive, negative, strategy: strategy ?? 'average_vector' }
  },
  discover: (value) => {
    const discover = value['discover']!
    // Null stands for no pairs; the member must be there.
    if (!isObject(discover) || !Object.hasOwn(discover, 'context'))
      throw new DecodeError('no context', 'after')
    const target = example(discover['target'] ?? null)
    return { kind: 'discover', target, context: contextPairs(discover['context']!) }
  },
  context: (value) => ({ kind: 'context', context: contextPairs(value['context']!) }),
  order_by: (value) => ({ kind: 'order', orderBy: orderBy(value['order_by']!) }),
  fusion: (value) => ({ kind: 'fusion', fusion: { method: oneOf('rrf', 'dbsf')(value['fusion']!) } }),
  rrf: (value) => ({ kind: 'fusion', fusion: rankFusion(value['rrf']!) }),
  formula: (value, field) => ({ kind: 'formula', formula: formulaQuery(field)(value) }),
  sample: (value) => {
    oneOf('random')(value['sample']!)
    return { kind: 'sample' }
  },
  relevance_feedback: (value) => {
    const { target, feedback, strategy } = feedbackStruct(value['relevance_feedback']!)
    return { kind: 'feedback', target, feedback, naive: strategy.naive }
  },
}

function rankFusion(value: JsonValue): FusionMethod {
  const { k, weights } = rrfStruct(value)
  return { method: 'rrf', ...(k === undefined ? {} : { k }), ...(weights === undefined ? {} : { weights }) }
}

/** A vector, an id, or one of the kinds of queries. `field` is what the validator calls it. */
export function queryInterface(field: string): Decoder<Aim> {
  return buffered<Aim>((value) => {
    if (!isObject(value)) return { kind: 'nearest', to: example(value) }
    for (const [name, decode] of Object.entries(variants)) {
      if (!Object.hasOwn(value, name)) continue
      try {
        return decode(value, field)
      } catch (error) {
        // Another kind may fit.
        if (!(error instanceof DecodeError)) throw error
      }
    }
    return { kind: 'nearest', to: example(value) }
  }, 'Expected some form of vector, id, or a type of query')
}

const candidatesMax = 16_384

/** @throws WireError 422 */
export function checkAim(aim: Aim, field: string): void {
  switch (aim.kind) {
    case 'nearest':
      checkNearest(aim, field)
      break
    case 'recommend':
      checkRecommend(aim, field)
      break
    case 'fusion':
      if (aim.fusion.method === 'rrf') checkBounds(aim.fusion.k, { min: 1 }, `${field}.rrf.k`)
      break
    case 'feedback':
      checkFeedback(aim, `${field}.relevance_feedback`)
      break
    default:
      break
  }
}

function checkNearest({ to, mmr: diverse }: Extract<Aim, { kind: 'nearest' }>, field: string): void {
  // An empty vector is found out when its size is compared.
  if (to.kind === 'vector' && !(to.vector.kind === 'dense' && to.vector.values.length === 0)) {
    const fault = faultOf(to.vector)
    if (fault !== undefined) throw invalid(`${field}.${fault}`)
  }
  if (diverse === undefined) return
  const { diversity, candidates_limit: candidates } = diverse
  const single = diversity === undefined ? undefined : Math.fround(diversity)
  checkBounds(single, { min: 0, max: 1, isFloat: true }, `${field}.mmr.diversity`)
  if (candidates !== undefined && candidates > candidatesMax) {
    const fault = `value ${candidates} invalid, must be ${candidatesMax} or smaller`
    throw invalid(`${field}.mmr.candidates_limit: ${fault}`)
  }
}

function checkRecommend({ positive, negative }: GivenRecommend, field: string): void {
  if (positive.length + negative.length > 0) return
  const fault = 'Validation error: At least one positive or negative vector/id must be provided [{}]'
  throw invalid(`${field}.recommend.positives, negatives: ${fault}`)
}

function checkFeedback({ feedback, naive }: GivenFeedback, field: string): void {
  if (feedback.length === 0) throw invalid(`${field}.__all__: feedback elements must be non-empty`)
  if (naive.b >= 0) return
  const fault = `value ${rustFloat(naive.b)} invalid, must be 0.0 or larger`
  throw invalid(`${field}.strategy.naive.b: ${fault}`)
}
