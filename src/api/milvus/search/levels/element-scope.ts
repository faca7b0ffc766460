import { invalidParameter } from '../../status.ts'

/** What becomes one score of a row where several of its structs were found. */
export interface ElementScope {
  readonly strategy: 'max' | 'sum' | 'avg' | 'topk_sum' | 'topk_avg'
  /** How many of the best ones count; undefined for all. */
  readonly topK?: number
}

const strategies: readonly string[] = ['max', 'sum', 'avg', 'topk_sum', 'topk_avg']

/** `{"collapse": {"strategy": …, "topk": …}}`. @throws 1100 */
export function elementScopeOf(given: unknown): ElementScope | undefined {
  if (given === undefined) return undefined
  const { collapse, ...others } = objectOf('element_scope', given)
  refuseOthers('element_scope', others)
  if (collapse === undefined) throw invalidParameter('element_scope.collapse is required')
  const { strategy: named, topk, ...more } = objectOf('element_scope.collapse', collapse)
  refuseOthers('element_scope.collapse', more)
  const strategy = typeof named === 'string' ? named.trim() : ''
  if (strategy === '') throw invalidParameter('element_scope.collapse.strategy is required')
  if (!strategies.includes(strategy))
    throw invalidParameter(`unsupported element_scope.collapse.strategy: ${strategy}`)
  const isOfBest = strategy.startsWith('topk')
  if (topk !== undefined && !(Number.isInteger(topk) && Number(topk) > 0))
    throw invalidParameter('element_scope.collapse.topk must be positive')
  if (isOfBest && topk === undefined)
    throw invalidParameter(`element_scope.collapse.topk is required for strategy ${strategy}`)
  if (!isOfBest && topk !== undefined)
    throw invalidParameter('element_scope.collapse.topk is only valid for topk strategies')
  return {
    strategy: strategy as ElementScope['strategy'],
    ...(topk === undefined ? {} : { topK: Number(topk) }),
  }
}

function objectOf(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw invalidParameter(`${name} must be a JSON object`)
}

function refuseOthers(name: string, others: object): void {
  const [other] = Object.keys(others)
  if (other !== undefined) throw invalidParameter(`unsupported ${name} key: ${other}`)
}
