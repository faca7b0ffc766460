import { dataTypes, isIntegerType } from '../../schema/data-types.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { mapOf, type FunctionMessage, type KeyValue } from '../../schema/messages.ts'
import { invalidParameter } from '../../status.ts'
import type { FunctionScoreMessage } from '../request/messages.ts'
import { decayedScores, type DecayParams } from './decay.ts'
import { reciprocalRanks, weightedScores } from './rank-fusion.ts'
import type { Ranker } from './ranker.ts'

const rerankFunction = 3
const kDefault = 60

/** The ranker of a function score; undefined if there is none. `lists`: of how many searches. @throws 1100 */
export function rankerOfFunction(
  score: FunctionScoreMessage | null | undefined,
  model: CollectionModel,
  lists: number,
): Ranker | undefined {
  const [one, ...others] = score?.functions ?? []
  if (one === undefined) return undefined
  if (others.length > 0) throw invalidParameter('Currently only supports one rerank')
  if (one.type !== rerankFunction) throw invalidParameter(`${one.name} is not rerank function`)
  const params = lowerCased(mapOf(one.params))
  const name = (params['reranker'] ?? '').toLowerCase()
  switch (name) {
    case 'rrf':
      return reciprocalRanks(numberOf(params, 'k') ?? kDefault)
    case 'weighted':
      return weightedScores(weightsOf(params['weights']), lists, isTrue(params['norm_score'] ?? 'false'))
    case 'decay':
      return decayedScores(decayParamsOf(one, params, model))
    default:
      throw invalidParameter(`Unsupported rerank function: [${name}], it should be rrf, weighted or decay`)
  }
}

/** The ranker of the older form, `strategy` and `params`; without a strategy only places count. @throws 1100 */
export function rankerOfStrategy(pairs: readonly KeyValue[], lists: number): Ranker {
  const map = mapOf(pairs)
  const params = jsonObject(map['params'] ?? '{}')
  const strategy = (map['strategy'] ?? 'rrf').toLowerCase()
  switch (strategy) {
    case 'rrf':
      return reciprocalRanks(numberOf(params, 'k') ?? kDefault)
    case 'weighted':
      return weightedScores(weightsOf(params['weights']), lists, isTrue(params['norm_score'] ?? true))
    default:
      throw invalidParameter(`unsupported rank type ${strategy}`)
  }
}

type Params = Readonly<Record<string, unknown>>

const lowerCased = (params: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(params).map(([key, value]) => [key.toLowerCase(), value]))

function jsonObject(text: string): Params {
  const value = parsed(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Params
  throw invalidParameter(`failed to parse rank params: ${text} is no JSON object`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Numbers may be written as texts. @throws 1100 */
function numberOf(params: Params, name: string): number | undefined {
  const given = params[name]
  if (given === undefined || given === '') return undefined
  const value = typeof given === 'string' ? Number(given) : given
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw invalidParameter(`The type of rank param ${name} should be float, but got ${JSON.stringify(given)}`)
  return value
}

function weightsOf(given: unknown): number[] {
  const list = typeof given === 'string' ? parsed(given) : given
  if (given === undefined) throw invalidParameter('weights not found in rank params')
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'number'))
    throw invalidParameter(`Parse weights param failed: ${JSON.stringify(given)} is no list of numbers`)
  return list
}

/** Clients of Python write `True`. */
const isTrue = (value: unknown): boolean =>
  value === true || (typeof value === 'string' && value.toLowerCase() === 'true')

function decayParamsOf(
  { input_field_names: inputs }: FunctionMessage,
  params: Params,
  model: CollectionModel,
): DecayParams {
  const [field, ...others] = inputs
  if (field === undefined || others.length > 0)
    throw invalidParameter(`Decay function only supports single input, but gets ${inputs.length} input`)
  const type = model.fields.get(field)?.type
  if (type === undefined) throw invalidParameter(`Decay function: input field ${field} not found`)
  if (!isIntegerType(type) && type !== dataTypes.Float && type !== dataTypes.Double)
    throw invalidParameter(`Decay rerank: input field ${field} must be of a numeric type`)
  const shape = oneOf(params, 'function', ['gauss', 'exp', 'linear'] as const)
  const mode = oneOf(params, 'score_mode', ['max', 'sum', 'avg'] as const, 'max')
  return {
    field,
    shape,
    mode,
    origin: needed(params, 'origin'),
    scale: needed(params, 'scale'),
    offset: numberOf(params, 'offset') ?? 0,
    decay: numberOf(params, 'decay') ?? 0.5,
    isNormalized: isTrue(params['norm_score'] ?? 'false'),
  }
}

function needed(params: Params, name: string): number {
  const value = numberOf(params, name)
  if (value === undefined) throw invalidParameter(`Decay function lost param: ${name}`)
  return value
}

function oneOf<T extends string>(params: Params, name: string, names: readonly T[], preset?: T): T {
  const given = params[name] ?? preset
  if (given === undefined) throw invalidParameter(`Decay function lost param: ${name}`)
  const found = names.find((one) => one === given)
  if (found === undefined)
    throw invalidParameter(
      `Invalid decay ${name}: ${JSON.stringify(given)}, only support [${names.join(',')}]`,
    )
  return found
}
