import type {
  CollectionReader,
  ContextPair,
  Example,
  Formula,
  Prefetch,
  Query,
  QueryRequest,
  VectorInput,
  VectorParams,
} from '../../../../index.ts'
import { badRequest, wrongInput } from '../../failures.ts'
import { checkOrderable, checkVectorSelection } from '../reads.ts'
import { readScope } from '../shard-key.ts'
import { knownVector, valueFor, wrongSize, type GivenVector, type KnownVectors } from '../vectors.ts'
import type { Aim, GivenExample, GivenLevel, GivenPair, GivenQuery } from './given-query.ts'
import { effortOf } from './search-params.ts'

/** What the request is about to search. */
export interface SearchedCollection {
  readonly reader: CollectionReader
  readonly known: KnownVectors
  /** The other collections that it names. A name that is not there means the searched collection itself. */
  readonly others: ReadonlyMap<string, CollectionReader>
}

/** @throws WireError 400, 404 */
export function engineQuery(given: GivenQuery, searched: SearchedCollection): QueryRequest {
  const scope = readScope(searched.reader, given.shardKeys)
  const depth = depthOf(given)
  if (depth > depthMax) {
    throw wrongInput(`Validation failed: prefetches depth ${depth} exceeds max depth ${depthMax}`)
  }
  const level = engineLevel(given, searched)
  checkVectorSelection(given.vectors, searched.known)
  const { offset, payload, vectors } = given
  return { ...level, offset, payload, vectors, ...scope, oncePerId: isOncePerId(given) }
}

/** Of a search by the query API, points of one id under several keys are all there; Qdrant has it so. */
const isOncePerId = ({ aim, isOld = false }: GivenQuery): boolean =>
  isOld || aim.kind === 'nothing' || aim.kind === 'sample' || aim.kind === 'fusion'

const depthMax = 64

/** How many queries stand inside each other below this one. */
function depthOf(level: GivenLevel): number {
  return level.prefetch.reduce((depth, one) => Math.max(depth, 1 + depthOf(one)), 0)
}

function engineLevel(level: GivenLevel, searched: SearchedCollection): Prefetch {
  // What the texts of a formula say is looked at before the rest.
  const formula = level.aim.kind === 'formula' ? level.aim.formula() : undefined
  checkLevel(level)
  const prefetch = level.prefetch.map((one) => engineLevel(one, searched))
  const query = engineAim(level, formula, searched)
  return {
    using: level.using ?? '',
    limit: level.limit,
    prefetch,
    ...(query === undefined ? {} : { query }),
    ...(level.params === undefined ? {} : { effort: effortOf(level.params) }),
    ...(level.params?.idf?.corpus === undefined ? {} : { corpus: level.params.idf.corpus }),
    ...(level.filter === undefined ? {} : { filter: level.filter }),
    ...(level.scoreThreshold === undefined ? {} : { scoreThreshold: level.scoreThreshold }),
  }
}

/** What a query asks of its prefetches, and of nothing else. @throws WireError 400 */
function checkLevel({ aim, prefetch, using, scoreThreshold }: GivenLevel): void {
  if (aim.kind === 'nothing' && prefetch.length > 0) {
    throw badRequest(
      "A query is needed to merge the prefetches. Can't have prefetches without defining a query.",
    )
  }
  if (aim.kind === 'fusion' && using !== undefined) {
    throw badRequest("Fusion queries cannot be combined with the 'using' field.")
  }
  if (scoreThreshold !== undefined && aim.kind === 'nothing') {
    throw badRequest(
      "A query is needed to use the score_threshold. Can't have score_threshold without defining a query.",
    )
  }
  if (scoreThreshold !== undefined && aim.kind === 'order') {
    throw badRequest("Can't use score_threshold with an order_by query.")
  }
  if (prefetch.length === 0 && (aim.kind === 'fusion' || aim.kind === 'formula')) {
    const name = aim.kind === 'fusion' ? 'Fusion' : 'Formula'
    throw wrongInput(`Validation failed: cannot apply ${name} without prefetches`)
  }
  if (aim.kind !== 'fusion' || aim.fusion.method !== 'rrf' || aim.fusion.weights === undefined) return
  const { length } = aim.fusion.weights
  if (length !== prefetch.length) {
    throw wrongInput(
      `Validation failed: RRF weights length (${length}) does not match number of prefetches (${prefetch.length})`,
    )
  }
}

const strategies = {
  average_vector: 'average',
  best_score: 'best-score',
  sum_scores: 'sum-scores',
} as const

function engineAim(
  level: GivenLevel,
  formula: Formula | undefined,
  searched: SearchedCollection,
): Query | undefined {
  const { aim } = level
  switch (aim.kind) {
    case 'nothing':
      return undefined
    case 'sample':
      return { kind: 'sample' }
    case 'order':
      checkOrderable(aim.orderBy, searched.reader)
      return { kind: 'order-by', orderBy: aim.orderBy }
    case 'fusion':
      return { kind: 'fusion', fusion: aim.fusion }
    case 'formula':
      return { kind: 'formula', formula: formula! }
    default:
      return vectorQuery(aim, level, searched)
  }
}

type VectorAim = Extract<Aim, { kind: 'nearest' | 'recommend' | 'discover' | 'context' | 'feedback' }>

function vectorQuery(aim: VectorAim, level: GivenLevel, searched: SearchedCollection): Query {
  const one = exampleReader(level, searched)
  const pairs = (given: readonly GivenPair[]): ContextPair[] =>
    given.map((pair) => ({ positive: one(pair.positive), negative: one(pair.negative) }))
  switch (aim.kind) {
    case 'nearest': {
      const { mmr } = aim
      if (mmr === undefined) return { kind: 'nearest', to: one(aim.to) }
      const { diversity, candidates_limit: candidates } = mmr
      return {
        kind: 'nearest',
        to: one(aim.to),
        diversity: {
          ...(diversity === undefined ? {} : { diversity }),
          ...(candidates === undefined ? {} : { candidates }),
        },
      }
    }
    case 'recommend': {
      if (aim.strategy === 'average_vector' && aim.positive.length === 0) {
        throw wrongInput('Positive vectors should not be empty with `average` strategy')
      }
      return {
        kind: 'recommend',
        positive: aim.positive.map(one),
        negative: aim.negative.map(one),
        strategy: strategies[aim.strategy],
      }
    }
    case 'discover':
      return { kind: 'discover', target: one(aim.target), context: pairs(aim.context) }
    case 'context':
      return { kind: 'context', context: pairs(aim.context) }
    case 'feedback':
      return {
        kind: 'feedback',
        target: one(aim.target),
        judged: aim.feedback.map(({ example, score }) => ({ example: one(example), score })),
        weights: aim.naive,
      }
  }
}

/** @throws WireError 400 */
function exampleReader(
  { using = '', params, lookup }: GivenLevel,
  { reader, known, others }: SearchedCollection,
): (example: GivenExample) => Example {
  const vector = knownVector(known, using)
  if (params?.idf !== undefined && vector.modifier !== 'idf') {
    throw wrongInput(
      `Validation failed: search param \`idf\` requires a sparse vector with the \`idf\` modifier, which vector "${using}" is not`,
    )
  }
  const from = lookup === undefined ? undefined : others.get(lookup.collection)
  const { partitions } = lookup?.shard_key === undefined ? {} : readScope(from ?? reader, lookup.shard_key)
  return (example) =>
    example.kind === 'vector'
      ? vectorInput(example.vector, vector)
      : {
          id: example.id,
          ...(lookup?.vector === undefined ? {} : { vector: lookup.vector }),
          ...(from === undefined ? {} : { from }),
          ...(partitions === undefined ? {} : { partitions }),
        }
}

/** @throws WireError 400 */
function vectorInput(given: GivenVector, params: VectorParams): VectorInput {
  const value = valueFor(params, given)
  const size = wrongSize(params, given)
  if (size === undefined) return value
  throw wrongInput(`Vector dimension error: expected dim: ${params.size}, got ${size}`)
}
