import type { Distance } from '../../../index.ts'

/** Qdrant knows no Jaccard: it is shown as another distance of which less is better, and which orders sets of one size alike. */
export function shownDistance(distance: Distance): Exclude<Distance, 'Jaccard'> {
  return distance === 'Jaccard' ? 'Manhattan' : distance
}
