import {
  isMulti,
  scoresOfEach,
  type JsonValue,
  type ReadOptions,
  type ScoredPoint,
  type VectorInput,
} from '../../../../index.ts'
import { payloadOf } from '../../rows/outgoing/result-columns.ts'
import type { FoundHit, HitPage, HitQuery } from './find-hits.ts'
import { byScore, isBetter, scoreOf } from './metrics.ts'

/** How the single vectors of a list are found, each with its struct. */
export interface ElementSearch {
  readonly struct: string
  /** What a struct has to pass; all of them do without it. */
  readonly passes?: (struct: JsonValue) => boolean
}

/**
 * The best structs of `count` rows, which are the rows with the best ones. Only those are told that no struct of another row
 * comes before.
 */
export async function elementPage(
  query: HitQuery,
  elements: ElementSearch,
  count: number,
  find: (reads: ReadOptions) => Promise<readonly ScoredPoint[]>,
): Promise<HitPage> {
  const { metric } = query.searched
  const { struct, passes } = elements
  const points = await find({
    vectors: [query.searched.vector],
    ...(passes === undefined ? {} : { payload: { include: [struct] } }),
  })
  const hits = points.flatMap((point) => hitsOf(query, elements, point))
  hits.sort(byScore(metric))
  const last = points.at(-1)
  if (points.length < count || last === undefined) return { hits, isLast: true }
  const bound = scoreOf(metric, last.score)
  return { hits: hits.filter(({ score }) => !isBetter(metric, bound, score)), isLast: false }
}

function hitsOf(
  { collection, searched, vector }: HitQuery,
  { struct, passes }: ElementSearch,
  point: ScoredPoint,
): FoundHit[] {
  const vectors = point.vectors?.[searched.vector]
  if (vectors === undefined || !isMulti(vectors)) return []
  const { distance } = collection.config().vectors[searched.vector]!
  const list = passes === undefined ? undefined : payloadOf(point)[struct]
  const structs = Array.isArray(list) ? (list as readonly JsonValue[]) : []
  const hits: FoundHit[] = []
  scoresOfEach(floatsOf(vector), vectors, distance).forEach((score, element) => {
    if (passes !== undefined && !(element < structs.length && passes(structs[element]!))) return
    hits.push({ point, score: scoreOf(searched.metric, score), element })
  })
  return hits
}

const floatsOf = (vector: VectorInput): Float32Array =>
  vector instanceof Float32Array ? vector : Float32Array.from(vector as readonly number[])
