import { isMulti, isSparse, type ReadOptions, type ScoredPoint, type SparseInput } from '../../../../index.ts'
import { lengthIndex, undamped } from '../../text/terms.ts'
import type { HitQuery } from './find-hits.ts'

export interface Bm25 {
  /** How much a term counts that is there often. */
  readonly k1: number
  /** 0 to 1: how much the length of a text counts. */
  readonly b: number
  readonly lengths: MeanLengths
}

interface MeanLength {
  readonly pointCount: number
  readonly mean: number
}

/** How long the texts of large collections were on average when they were last looked at. */
export class MeanLengths {
  readonly #known = new Map<string, MeanLength>()

  /** Undefined where there are few texts, or where their number has changed by more than a hundredth since. */
  find(name: string, pointCount: number): number | undefined {
    const known = this.#known.get(name)
    if (known === undefined || pointCount <= countedMax) return undefined
    return Math.abs(known.pointCount - pointCount) > known.pointCount / 100 ? undefined : known.mean
  }

  remember(name: string, length: MeanLength): void {
    this.#known.delete(name)
    this.#known.set(name, length)
    if (this.#known.size <= collectionsMax) return
    const [oldest] = this.#known.keys()
    this.#known.delete(oldest!)
  }
}

/** The mean length of so many texts is counted for each search. */
const countedMax = 5_000
const collectionsMax = 1_000

const defaults = { k1: 1.2, b: 0.75 }

/** As an index says. */
export function bm25Of(params: Readonly<Record<string, string>>, lengths: MeanLengths): Bm25 {
  const read = (name: 'bm25_k1' | 'bm25_b', preset: number): number => {
    const value = Number(params[name] ?? preset)
    return Number.isFinite(value) && value >= 0 ? value : preset
  }
  return { k1: read('bm25_k1', defaults.k1), b: Math.min(read('bm25_b', defaults.b), 1), lengths }
}

type TextQuery = HitQuery & { readonly bm25: Bm25 }

/** What scores depend on beside the text and the query. */
interface Corpus {
  /** In tokens. */
  readonly meanLength: number
  /** By the index of a term, how much it counts for being rare; those that are nowhere are left out. */
  readonly rarities: ReadonlyMap<number, number>
}

const candidatesMax = 20_000
const pageGrowth = 4

/**
 * The best texts by BM25. The engine ranks by rarity and damped counts, without lengths; of what it finds first the scores
 * are computed anew. Since a text's length cannot make its score more than `gain` times as high, what comes later is worse
 * once the `limit`th score is above that. Exact, unless 20,000 candidates are not enough to know.
 */
export async function textHits(query: TextQuery, limit: number, reads: ReadOptions): Promise<ScoredPoint[]> {
  const { collection, searched, vector, bm25 } = query
  const sought = vector as SparseInput
  const corpus = await corpusOf(query, sought)
  const gain = gainOf(bm25)
  for (let page = Math.max(limit * 2, 64); ; page *= pageGrowth) {
    const found = await collection.query({
      ...reads,
      ...selectionOf(query),
      ...(query.filter === undefined ? {} : { filter: query.filter }),
      using: searched.vector,
      vector: sought,
      vectors: withVector(reads, searched.vector),
      limit: page,
    })
    const scored = found.map((point) => ({
      ...point,
      score: Math.fround(scoreOf(point, searched.vector, sought, corpus, bm25)),
    }))
    // Stable: equal scores stay in the engine's order, which knows the ids.
    scored.sort((a, b) => b.score - a.score)
    const best = scored.slice(0, limit)
    const isAll = found.length < page
    const isCertain = best.length === limit && best.at(-1)!.score >= found.at(-1)!.score * gain
    if (isAll || isCertain || page >= candidatesMax) return best
  }
}

const selectionOf = ({ partitions }: HitQuery): { partitions?: readonly string[] } =>
  partitions === undefined ? {} : { partitions }

function withVector({ vectors }: ReadOptions, name: string): readonly string[] | true {
  if (vectors === true) return true
  return [...new Set([...(Array.isArray(vectors) ? (vectors as readonly string[]) : []), name])]
}

/** How much higher a score can be than what the engine ranks by: that of a text without any length, once each term. */
function gainOf({ k1, b }: Bm25): number {
  const least = k1 * (1 - b)
  return Math.max((k1 + 1) / (1 + least), (k1 + 1) / 2.2)
}

function scoreOf(
  point: ScoredPoint,
  name: string,
  { indices, values }: SparseInput,
  { meanLength, rarities }: Corpus,
  { k1, b }: Bm25,
): number {
  const terms = termsOf(point, name)
  const length = (terms.get(lengthIndex) ?? 1) - 1
  const least = k1 * (1 - b + (b * length) / meanLength)
  let score = 0
  for (let at = 0; at < indices.length; at++) {
    const kept = terms.get(indices[at]!)
    if (kept === undefined) continue
    const count = undamped(kept)
    score += (values[at]! * rarities.get(indices[at]!)! * (count * (k1 + 1))) / (count + least)
  }
  return score
}

function termsOf(point: ScoredPoint, name: string): Map<number, number> {
  const vector = point.vectors?.[name]
  if (vector === undefined || isMulti(vector) || !isSparse(vector)) return new Map()
  return new Map(Array.from(vector.indices, (index, at) => [index, vector.values[at]!]))
}

async function corpusOf(query: TextQuery, { indices }: SparseInput): Promise<Corpus> {
  const rarities = new Map<number, number>()
  for (const index of Array.from(indices)) {
    const [best] = await postings(query, index, 1)
    if (best !== undefined) rarities.set(index, best.score / termsOf(best, query.searched.vector).get(index)!)
  }
  return { meanLength: await meanLength(query), rarities }
}

/** The engine's ranking by one index alone: rarity times what is kept there. */
async function postings(query: HitQuery, index: number, limit: number): Promise<readonly ScoredPoint[]> {
  const { collection, searched } = query
  return await collection.query({
    ...selectionOf(query),
    using: searched.vector,
    vector: { indices: [index], values: [1] },
    vectors: limit === 1 ? [searched.vector] : false,
    limit,
  })
}

/** Over all texts of the partitions. */
async function meanLength(query: TextQuery): Promise<number> {
  const { collection, searched, partitions, bm25 } = query
  const name = JSON.stringify([collection.id, searched.vector, partitions])
  const pointCount = await collection.count(undefined, selectionOf(query))
  const known = bm25.lengths.find(name, pointCount)
  if (known !== undefined) return known
  const mean = await countLengths(query)
  bm25.lengths.remember(name, { pointCount, mean })
  return mean
}

async function countLengths(query: HitQuery): Promise<number> {
  const [longest] = await postings(query, lengthIndex, 1)
  if (longest === undefined) return 1
  const rarity = longest.score / termsOf(longest, query.searched.vector).get(lengthIndex)!
  const all = await postings(query, lengthIndex, Number.MAX_SAFE_INTEGER)
  const sum = all.reduce((total, { score }) => total + score / rarity - 1, 0)
  return Math.max(sum / all.length, Number.MIN_VALUE)
}
