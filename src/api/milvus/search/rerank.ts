import type { PointId } from '../../../index.ts'
import { payloadOf } from '../rows/outgoing/result-columns.ts'
import type { CollectionModel } from '../schema/collection-model.ts'
import { hitKey, type FoundHit } from './finding/find-hits.ts'
import type { Metric } from './finding/metrics.ts'
import type { Ranker } from './ranking/ranker.ts'

export interface FoundList {
  readonly metric: Metric
  readonly hits: readonly FoundHit[]
}

/** What a ranker makes of the lists. The field that it reads must have been read. */
export function rankedHits(
  ranker: Ranker,
  model: CollectionModel,
  lists: readonly FoundList[],
): readonly FoundHit[] {
  const found = new Map<PointId, FoundHit>()
  for (const { hits } of lists) {
    for (const hit of hits) if (!found.has(hitKey(hit))) found.set(hitKey(hit), hit)
  }
  const valueOf = (id: PointId): number | undefined => numberIn(model, ranker.field, found.get(id)!)
  const ranked = ranker.rank(
    lists.map(({ metric, hits }) => ({
      metric,
      hits: hits.map((hit) => ({ id: hitKey(hit), score: hit.score })),
    })),
    valueOf,
  )
  return ranked.map(({ id, score }) => ({ ...found.get(id)!, score }))
}

function numberIn(model: CollectionModel, name: string | undefined, { point }: FoundHit): number | undefined {
  if (name === undefined) return undefined
  if (model.primaryKey.name === name)
    return typeof point.id === 'string' ? undefined : Number(BigInt.asIntN(64, BigInt(point.id)))
  const value = payloadOf(point)[name] ?? model.fields.get(name)?.defaultValue
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined
}
