/** For vectors of length one `cosine` is `dot`, which is faster. */
export type Metric = 'dot' | 'euclid' | 'manhattan' | 'cosine' | 'jaccard'

/**
 * Best first, equal scores by row, NaN last. Scores, in float32: dot product; Euclidean, Manhattan or Jaccard distance; the
 * cosine of the angle, 0 where a vector has no length.
 */
export interface VectorHits {
  readonly rows: Uint32Array
  readonly scores: Float32Array
}

const orderWord = new Uint32Array(1)
const orderFloat = new Float32Array(orderWord.buffer)

/** The best `limit` of several sorted lists of keys. */
export function mergeKeys(lists: readonly BigUint64Array[], limit: number): BigUint64Array {
  if (lists.length === 1) return lists[0]!.subarray(0, limit)
  const all = new BigUint64Array(lists.reduce((sum, list) => sum + list.length, 0))
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  return all.sort().subarray(0, limit)
}

/** Rows and scores of keys; the inverse of keyOf in assembly/heap.ts. */
export function hitsOf(keys: BigUint64Array, metric: Metric): VectorHits {
  const halves = new Uint32Array(keys.buffer, keys.byteOffset, keys.length * 2)
  const rows = new Uint32Array(keys.length)
  const scores = new Float32Array(keys.length)
  for (let i = 0; i < keys.length; i++) {
    rows[i] = halves[2 * i]!
    scores[i] = scoreOfOrder(halves[2 * i + 1]!, metric)
  }
  return { rows, scores }
}

/** The order of a NaN, all ones, becomes one again. */
function scoreOfOrder(order: number, metric: Metric): number {
  const upward = metric === 'dot' || metric === 'cosine' ? ~order : order
  orderWord[0] = upward >>> 31 === 1 ? upward & 0x7fffffff : ~upward
  return orderFloat[0]!
}
