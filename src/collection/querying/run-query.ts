import { DatabaseError } from '../../errors/database-error.ts'
import type { Filter } from '../../query/filter.ts'
import { compileFormula, type FormulaRow } from '../../query/ranking/evaluate-formula.ts'
import type { Formula } from '../../query/ranking/formula.ts'
import { fusedShares, type FusionMethod } from '../../query/ranking/fusion.ts'
import { pickDiverse } from '../../query/ranking/diversity.ts'
import type { SearchEffort } from '../../graph/search/search-column.ts'
import type { VectorValue } from '../../graph/vector-value.ts'
import { allEnded } from '../../runtime/all-ended.ts'
import type { RowSet } from '../../segment/row-set.ts'
import { mergeInIdOrder, prepareIdOrder, type RowRef } from '../id-order.ts'
import { orderedPage } from '../order-by.ts'
import { RowCursor } from '../row-cursor.ts'
import { scoreRows } from '../scoring.ts'
import { searchCandidates } from '../search.ts'
import type { OrderBy } from '../types.ts'
import { vectorAt } from '../vector-columns.ts'
import type { View } from '../view.ts'
import { bitsOf, bothFilters, CandidateSource, candidatesOf, type Candidates } from './candidates.ts'
import { ExampleReader, type ForeignVectors, type SearchedViews, type SearchedField } from './examples.ts'
import { BestHits, scoreEach, type Hit } from './hits.ts'
import type { Diversity, Prefetch, Query } from './query-types.ts'
import type { ReadServices } from './read-services.ts'
import { sampleRows } from './sample.ts'
import { asSimilarities, scoringPlan, type VectorQuery } from './scoring-plan.ts'

const limitDefault = 10
const noPrefetch: readonly Prefetch[] = []
const noEffort: SearchEffort = {}

const otherKinds: ReadonlySet<Query['kind']> = new Set(['order-by', 'sample', 'fusion', 'formula'] as const)

function isVectorQuery(query: Query | undefined): query is VectorQuery {
  return query !== undefined && !otherKinds.has(query.kind)
}

function fieldOf({ using = '', corpus }: Prefetch): SearchedField {
  return corpus === undefined ? { using } : { using, corpus }
}

/** What queries inside others inherit from them. */
export interface Inherited {
  readonly filter: Filter | undefined
  /** Rows that are examples, or have been found before. */
  readonly excluded: readonly RowRef[]
}

/** The lists that the prefetches of a query give, in their order. */
type Lists = readonly (readonly Hit[])[]

/** Runs queries on one view. */
export class QueryRun {
  readonly #view: View
  readonly #random: () => number
  readonly #examples: ExampleReader
  readonly #source: CandidateSource

  readonly #services: ReadServices

  constructor(views: SearchedViews, foreign: ForeignVectors, services: ReadServices, random: () => number) {
    const { view } = views
    this.#view = view
    this.#random = random
    this.#services = services
    this.#examples = new ExampleReader(views, foreign)
    this.#source = new CandidateSource(view, services.slices)
  }

  /**
   * The `count` best; the request's own limit only says how many candidates a query with diversity has. Points that are
   * examples anywhere in the request are nowhere among the results.
   */
  run(request: Prefetch, count: number, inherited: Inherited): Promise<Hit[]> {
    const examples = this.#examples.pointsOf(request)
    if (examples.length === 0) return this.#level(request, count, inherited)
    const excluded = [...inherited.excluded, ...examples]
    return this.#level(request, count, { filter: inherited.filter, excluded })
  }

  async #level(request: Prefetch, count: number, inherited: Inherited): Promise<Hit[]> {
    checkRequest(request)
    const { query, prefetch = noPrefetch } = request
    const { excluded } = inherited
    const below = { filter: bothFilters(inherited.filter, request.filter), excluded }
    const lists =
      prefetch.length === 0
        ? []
        : await allEnded(prefetch.map((one) => this.#level(one, one.limit ?? limitDefault, below)))
    if (query?.kind === 'fusion') return fuse(query.fusion, lists, count, request.scoreThreshold)
    if (query?.kind === 'formula') return this.#compute(query.formula, lists, count, request.scoreThreshold)
    if (prefetch.length > 0) return await this.#rank(request, query, candidatesOf(lists), count)
    const passing = this.#source.passing(below.filter, excluded)
    // Waiting for what is there already would cost a short query more than all the rest here.
    const candidates = passing instanceof Promise ? await passing : passing
    return await this.#rank(request, query, candidates, count)
  }

  /** Sorts better hits of the request to the front, by their scores alone. */
  comparison(request: Prefetch): (a: Hit, b: Hit) => number {
    const { query } = request
    const isAscending =
      isVectorQuery(query) && !scoringPlan(this.#view, query, fieldOf(request), this.#examples).descending
    return isAscending ? (a, b) => a.score - b.score : (a, b) => b.score - a.score
  }

  #rank(
    request: Prefetch,
    query: Exclude<Query, { kind: 'fusion' | 'formula' }> | undefined,
    candidates: readonly Candidates[],
    count: number,
  ): Promise<Hit[]> | Hit[] {
    if (query === undefined) {
      const preparing = prepareIdOrder(candidates, this.#services.slices)
      return preparing.then(() => inIdOrder(candidates, count))
    }
    if (query.kind === 'sample') {
      return sampleRows(candidates, count, this.#random).map((ref) => ({ ...ref, score: 1 }))
    }
    if (query.kind === 'order-by') return this.#ordered(query.orderBy, candidates, count)
    return this.#nearest(request, query, candidates, count)
  }

  #nearest(
    request: Prefetch,
    query: VectorQuery,
    candidates: readonly Candidates[],
    count: number,
  ): Promise<Hit[]> {
    const { limit = limitDefault, scoreThreshold: threshold, effort = noEffort } = request
    const plan = scoringPlan(this.#view, query, fieldOf(request), this.#examples)
    const diversity = query.kind === 'nearest' ? query.diversity : undefined
    const searched = diversity === undefined ? count : (diversity.candidates ?? limit)
    const nearest = searchCandidates(this.#services, candidates, {
      plan,
      count: searched,
      threshold,
      effort,
    })
    if (diversity === undefined) return nearest
    return nearest.then((hits) => this.#diverse(hits, plan, diversity, count))
  }

  #diverse(
    hits: readonly Hit[],
    { using, params }: ReturnType<typeof scoringPlan>,
    { diversity = 0.5 }: Diversity,
    count: number,
  ): Hit[] {
    const relevance = asSimilarities(
      params.distance,
      Float32Array.from(hits, ({ score }) => score),
    )
    const vectorOf = (hit: Hit): VectorValue => vectorAt(hit, this.#view.config.vectors, using)!
    const vectors = params.kind === 'multi' ? hits.map(vectorOf) : []
    const likenessTo = (candidate: number): Float32Array => {
      const hit = hits[candidate]!
      const row = Uint32Array.of(hit.row)
      // Of several vectors the likeness depends on which side asks: here it is the one that is not picked yet.
      const scores =
        params.kind === 'multi'
          ? Float32Array.from(vectors, (vector) => scoreRows(hit.rows, using, params, vector, row)[0]!)
          : scoreEach(hits, (one, list) => scoreRows(one, using, params, vectorOf(hit), list))
      return asSimilarities(params.distance, scores)
    }
    return pickDiverse(relevance, diversity, count, likenessTo).map((place) => hits[place]!)
  }

  async #ordered(orderBy: OrderBy, candidates: readonly Candidates[], count: number): Promise<Hit[]> {
    const sources = candidates.map((one) => ({ rows: one.rows, bits: bitsOf(one) }))
    const { slices } = this.#services
    const page = await orderedPage(sources, orderBy, this.#view.config.payloadIndexes, count, slices)
    return page.map(({ rows, row, value }) => ({ rows, row, score: 1, orderValue: value }))
  }

  #compute(formula: Formula, lists: Lists, count: number, threshold: number | undefined): Hit[] {
    const compute = compileFormula(formula, this.#view.config)
    const row = new FormulaCursor(this.#view.config.vectors)
    const best = new BestHits(count, true, threshold, true)
    for (const [rows, found] of byRow(lists)) {
      for (const [number, scores] of found) best.offer(rows, number, compute(row.on(rows, number, scores)))
    }
    return best.sorted()
  }
}

class FormulaCursor extends RowCursor implements FormulaRow {
  #scores: readonly (number | undefined)[] = []

  on(rows: RowSet, row: number, scores: readonly (number | undefined)[]): this {
    this.#scores = scores
    return this.at(rows, row)
  }

  score(prefetch: number): number | undefined {
    return this.#scores[prefetch]
  }
}

/** By rows: what each list gave. */
function byRow(lists: Lists): Map<RowSet, Map<number, (number | undefined)[]>> {
  const found = new Map<RowSet, Map<number, (number | undefined)[]>>()
  lists.forEach((list, index) => {
    for (const { rows, row, score } of list) {
      let inRows = found.get(rows)
      if (inRows === undefined) found.set(rows, (inRows = new Map<number, (number | undefined)[]>()))
      let scores = inRows.get(row)
      if (scores === undefined) inRows.set(row, (scores = []))
      scores[index] ??= score
    }
  })
  return found
}

function fuse(method: FusionMethod, lists: Lists, count: number, threshold: number | undefined): Hit[] {
  const shares = lists.map((list, index) => {
    const scores = Float32Array.from(list, ({ score }) => score)
    const shared = fusedShares(method, scores, index)
    return list.map((hit, i) => ({ ...hit, score: shared[i]! }))
  })
  const best = new BestHits(count, true, threshold, true)
  for (const [rows, found] of byRow(shares)) {
    for (const [row, scores] of found) {
      let sum = 0
      for (const score of scores) sum = Math.fround(sum + (score ?? 0))
      best.offer(rows, row, sum)
    }
  }
  return best.sorted()
}

function inIdOrder(candidates: readonly Candidates[], count: number): Hit[] {
  const hits: Hit[] = []
  if (count === 0) return hits
  for (const ref of mergeInIdOrder(candidates, undefined)) {
    hits.push({ ...ref, score: 1 })
    if (hits.length === count) break
  }
  return hits
}

/** @throws request-invalid */
function checkRequest({ query, prefetch = noPrefetch }: Prefetch): void {
  const needsLists = query?.kind === 'fusion' || query?.kind === 'formula'
  if (needsLists && prefetch.length === 0) throw invalid(`a ${query.kind} works on the results of prefetches`)
  if (query === undefined && prefetch.length > 0) throw invalid('prefetches need a query that works on them')
  if (query?.kind !== 'fusion' || query.fusion.method !== 'rrf') return
  const { k, weights } = query.fusion
  if (k !== undefined && !(k >= 1)) throw invalid(`k is ${k}, not 1 or more`)
  if (weights !== undefined && weights.length !== prefetch.length) {
    throw invalid(`there are ${weights.length} weights for ${prefetch.length} prefetches`)
  }
}

function invalid(why: string): DatabaseError {
  return new DatabaseError('request-invalid', `Cannot query: ${why}`)
}
