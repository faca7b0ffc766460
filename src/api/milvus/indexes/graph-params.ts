import type { CollectionConfig, GraphParams, VectorParams } from '../../../index.ts'
import { documentIn, type IndexDocument, type MilvusDocument } from '../schema/document.ts'

/** Milvus keeps codes of other kinds in these: here it is a byte per component, or two. */
const codedTypes: ReadonlySet<string> = new Set([
  'HNSW_SQ',
  'HNSW_PQ',
  'HNSW_PRQ',
  'IVF_SQ8',
  'IVF_SQ_CC',
  'IVF_PQ',
  'IVF_RABITQ',
  'SCANN',
  'SCANN_DVR',
  'GPU_IVF_PQ',
])
const exactTypes: ReadonlySet<string> = new Set(['FLAT', 'BIN_FLAT', 'GPU_BRUTE_FORCE'])

/**
 * What the index of a vector field says of its graph: none without an index, and none of a type that compares all. Types that
 * are no HNSW have a graph with the defaults. Undefined for collections that were not made through this door.
 */
export function graphParamsOf(
  { settings, vectors }: CollectionConfig,
  vector: string,
): (Partial<GraphParams> & Pick<VectorParams, 'onDisk'>) | undefined {
  const document = documentIn(settings)
  if (document === undefined || !Object.hasOwn(vectors, vector)) return undefined
  const index = document.indexes.find(({ field }) => field === vector)
  const type = index?.params['index_type'] ?? ''
  const onDisk = isMapped(document, index, vector) ? { onDisk: true } : {}
  if (index === undefined || exactTypes.has(type)) return { m: 0, ...onDisk }
  const coded = codedTypes.has(type) ? { codes: codesOf(index.params['sq_type']) } : {}
  if (!type.startsWith('HNSW')) return { ...coded, ...onDisk }
  const { M: m, efConstruction: ef } = index.params
  return {
    ...coded,
    ...onDisk,
    ...(m === undefined ? {} : { m: Number(m) }),
    ...(ef === undefined ? {} : { efConstruct: Number(ef) }),
  }
}

/** What the index says counts before what its field says, and that before what the collection says. */
function isMapped(document: MilvusDocument, index: IndexDocument | undefined, vector: string): boolean {
  const field = document.fields.find(({ name }) => name === vector)
  const key = 'mmap.enabled'
  const said = index?.params[key] ?? field?.params[key] ?? document.properties[key]
  return said?.toLowerCase() === 'true'
}

function codesOf(scalarType: string | undefined): NonNullable<GraphParams['codes']> {
  return ['BF16', 'FP16'].includes((scalarType ?? '').toUpperCase()) ? 'bfloat16' : 'int8'
}
