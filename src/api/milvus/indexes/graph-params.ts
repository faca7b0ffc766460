import type { CollectionConfig, GraphParams } from '../../../index.ts'
import { documentIn } from '../schema/document.ts'

const [mMax, efMax] = [512, 4_096]
const exactTypes: ReadonlySet<string> = new Set(['FLAT', 'BIN_FLAT', 'GPU_BRUTE_FORCE'])

/**
 * What the index of a vector field says of its graph: none without an index, and none of a type that compares all. Types that
 * are no HNSW have a graph with the defaults. Undefined for collections that were not made through this door.
 */
export function graphParamsOf(
  { settings, vectors }: CollectionConfig,
  vector: string,
): Partial<GraphParams> | undefined {
  const document = documentIn(settings)
  if (document === undefined || !Object.hasOwn(vectors, vector)) return undefined
  const index = document.indexes.find(({ field }) => field === vector)
  const type = index?.params['index_type'] ?? ''
  if (index === undefined || exactTypes.has(type)) return { m: 0 }
  if (!type.startsWith('HNSW')) return {}
  const { M: m, efConstruction: ef } = index.params
  return {
    ...(m === undefined ? {} : { m: Math.min(Math.max(Number(m), 2), mMax) }),
    ...(ef === undefined ? {} : { efConstruct: Math.min(Math.max(Number(ef), 1), efMax) }),
  }
}
