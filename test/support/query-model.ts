import type { Example, Prefetch, Query } from '../../src/index.ts'

export interface ModelPoint {
  readonly id: number
  readonly vector: readonly number[] | undefined
  readonly n: number
  readonly tags: readonly (string | number)[]
}

export interface ModelHit {
  readonly id: number
  readonly score: number
}

/** A filter that the model understands: n from this number on. */
export type Least = number | undefined

export interface ModelRequest {
  readonly query?: Query
  readonly prefetch?: readonly ModelRequest[]
  readonly least?: Least
  readonly limit: number
  readonly scoreThreshold?: number
}

/** As the engine takes it. */
export function toPrefetch(request: ModelRequest): Prefetch {
  const { least, prefetch, ...rest } = request
  return {
    ...rest,
    ...(prefetch === undefined ? {} : { prefetch: prefetch.map(toPrefetch) }),
    ...(least === undefined
      ? {}
      : { filter: { must: [{ kind: 'field' as const, path: 'n', range: { gte: least } }] } }),
  }
}

/**
 * Queries answered by looking at every point, with one list per step. Vectors hold small whole numbers, so that
 * similarities are exact and equal ones happen often.
 */
export class QueryModel {
  readonly #points: readonly ModelPoint[]
  readonly #similarity: (a: readonly number[], b: readonly number[]) => number
  readonly #isDistance: boolean

  constructor(points: readonly ModelPoint[], distance: 'Dot' | 'Manhattan') {
    this.#points = [...points].sort((a, b) => a.id - b.id)
    this.#isDistance = distance === 'Manhattan'
    this.#similarity = (a, b) =>
      distance === 'Dot'
        ? a.reduce((sum, x, i) => sum + x * b[i]!, 0)
        : -a.reduce((sum, x, i) => sum + Math.abs(x - b[i]!), 0)
  }

  run(request: ModelRequest, count = request.limit): ModelHit[] {
    const hidden = new Set(examplesBelow(request))
    return this.#level(request, count, (point) => !hidden.has(point.id))
  }

  /** Hits by group, for queries whose ranking is fixed. */
  groups(request: ModelRequest, limit: number, groupSize: number): Map<string | number, ModelHit[]> {
    const groups = new Map<string | number, ModelHit[]>()
    for (const hit of this.run(request, this.#points.length)) {
      for (const tag of new Set(this.#point(hit.id).tags)) {
        if (!groups.has(tag) && groups.size === limit) continue
        const hits = groups.get(tag) ?? []
        if (hits.length < groupSize) hits.push(hit)
        groups.set(tag, hits)
      }
    }
    return groups
  }

  #level(request: ModelRequest, count: number, passes: (point: ModelPoint) => boolean): ModelHit[] {
    const { query, prefetch = [], least } = request
    const all = (point: ModelPoint): boolean => passes(point) && (least === undefined || point.n >= least)
    const lists = prefetch.map((one) => this.#level(one, one.limit, all))
    if (query?.kind === 'fusion') return this.#keep(fuse(query, lists), request, count, true)
    const found = new Set(lists.flat().map(({ id }) => id))
    const points =
      prefetch.length > 0 ? this.#points.filter(({ id }) => found.has(id)) : this.#points.filter(all)
    if (query === undefined) return points.map(({ id }) => ({ id, score: 1 })).slice(0, count)
    return this.#ranked(query, points, request, count)
  }

  #ranked(query: Query, points: readonly ModelPoint[], request: ModelRequest, count: number): ModelHit[] {
    const present = points.filter(({ vector }) => vector !== undefined)
    const isNearest = query.kind === 'nearest' || (query.kind === 'recommend' && query.strategy === 'average')
    const score = this.#scoring(query)
    const hits = present.map(({ id, vector }) => ({ id, score: Math.fround(score(vector!)) }))
    if (!isNearest || !this.#isDistance) return this.#keep(hits, request, count)
    // Distances are shown as such: the lower the better.
    const threshold = request.scoreThreshold
    return hits
      .map((hit) => ({ id: hit.id, score: -hit.score }))
      .filter((hit) => threshold === undefined || hit.score < threshold)
      .sort((a, b) => a.score - b.score || a.id - b.id)
      .slice(0, count)
  }

  #keep(
    hits: readonly ModelHit[],
    { scoreThreshold: threshold }: ModelRequest,
    count: number,
    isFused = false,
  ): ModelHit[] {
    return hits
      .filter(({ score }) => threshold === undefined || score > threshold || (isFused && score === threshold))
      .sort((a, b) => b.score - a.score || a.id - b.id)
      .slice(0, count)
  }

  #scoring(query: Query): (vector: readonly number[]) => number {
    const to = (example: Example) => {
      const other = this.#vector(example)
      return (vector: readonly number[]): number => this.#similarity(other, vector)
    }
    const squash = (x: number): number => x / (1 + Math.abs(x))
    const share = (x: number): number => (squash(x) + 1) / 2
    switch (query.kind) {
      case 'nearest':
        return to(query.to)
      case 'recommend': {
        const positive = (query.positive ?? []).map(to)
        const negative = (query.negative ?? []).map(to)
        if (query.strategy === 'sum-scores') {
          return (v) => total(positive.map((s) => s(v))) - total(negative.map((s) => s(v)))
        }
        if (query.strategy === 'best-score') {
          return (v) => {
            const liked = Math.max(...positive.map((s) => s(v)))
            const disliked = Math.max(...negative.map((s) => s(v)))
            return liked > disliked ? share(liked) : -share(disliked)
          }
        }
        return to(this.#average(query.positive ?? [], query.negative ?? []))
      }
      case 'discover': {
        const pairs = query.context.map((pair) => [to(pair.positive), to(pair.negative)] as const)
        const target = to(query.target)
        return (v) => total(pairs.map(([a, b]) => Math.sign(a(v) - b(v)))) + share(target(v))
      }
      case 'context': {
        const pairs = query.context.map((pair) => [to(pair.positive), to(pair.negative)] as const)
        return (v) => total(pairs.map(([a, b]) => squash(Math.min(0, a(v) - b(v) - 2 ** -23))))
      }
      default:
        throw new Error(`The model does not know ${query.kind}`)
    }
  }

  #average(positive: readonly Example[], negative: readonly Example[]): number[] {
    const mean = (examples: readonly Example[], i: number): number =>
      total(examples.map((example) => this.#vector(example)[i]!)) / examples.length
    return this.#vector(positive[0]!).map((_, i) =>
      negative.length === 0 ? mean(positive, i) : 2 * mean(positive, i) - mean(negative, i),
    )
  }

  #vector(example: Example): readonly number[] {
    return 'id' in example ? this.#point(Number(example.id)).vector! : [...(example as readonly number[])]
  }

  #point(id: number): ModelPoint {
    return this.#points.find((point) => point.id === id)!
  }
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0)

function fuse(
  query: Extract<Query, { kind: 'fusion' }>,
  lists: readonly (readonly ModelHit[])[],
): ModelHit[] {
  const ids = [...new Set(lists.flat().map(({ id }) => id))]
  return ids.map((id) => ({
    id,
    score: lists.reduce((sum, list, index) => {
      const place = list.findIndex((hit) => hit.id === id)
      return place < 0 ? sum : Math.fround(sum + shareOf(query.fusion, list, place, index))
    }, 0),
  }))
}

function shareOf(
  fusion: Extract<Query, { kind: 'fusion' }>['fusion'],
  list: readonly ModelHit[],
  place: number,
  index: number,
): number {
  if (fusion.method === 'rrf') {
    const weight = fusion.weights?.[index] ?? 1
    return weight > 0 ? Math.fround(1 / ((place + 1) / weight + (fusion.k ?? 2) - 1)) : 0
  }
  const mean = total(list.map(({ score }) => score)) / list.length
  const variance = total(list.map(({ score }) => (score - mean) ** 2)) / (list.length - 1)
  const deviation = Math.sqrt(variance)
  return deviation > 0 ? Math.fround((list[place]!.score - (mean - 3 * deviation)) / (6 * deviation)) : 0.5
}

function examplesBelow({ query, prefetch = [] }: ModelRequest): number[] {
  const own = JSON.stringify(query ?? null).matchAll(/\{"id":(\d+)\}/g)
  return [...[...own].map((match) => Number(match[1])), ...prefetch.flatMap(examplesBelow)]
}
