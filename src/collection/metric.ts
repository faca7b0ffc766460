import type { Metric } from '../graph/vector-hits.ts'
import type { VectorParams } from './types.ts'
import { isStoredAsGiven } from './vector-input.ts'

export function metricOf(params: VectorParams): Metric {
  switch (params.distance) {
    case 'Cosine':
      return isStoredAsGiven(params) ? 'cosine' : 'dot'
    case 'Dot':
      return 'dot'
    case 'Euclid':
      return 'euclid'
    case 'Manhattan':
      return 'manhattan'
    case 'Jaccard':
      return 'jaccard'
  }
}
