import type { CollectionReader, VectorParams } from '../../../index.ts'
import { hybridOf } from '../hybrid-clock.ts'
import { dataTypes } from './data-types.ts'
import type { FieldDocument, IndexDocument, MilvusDocument } from './document.ts'

/** The name under which the unnamed vector is shown. */
export const unnamedVector = 'vector'
const uuidLength = 36

/**
 * The schema that stands for a collection which was made elsewhere (Qdrant's API, the embedded one): the point's id as a
 * text, its vectors by name, everything else as dynamic fields. Several vectors of one point (`multi`) are not shown.
 */
export function foreignDocument(reader: Pick<CollectionReader, 'config'>): MilvusDocument {
  const vectors = Object.entries(reader.config().vectors).filter(([, { kind }]) => kind !== 'multi')
  const id: FieldDocument = {
    id: 100,
    name: 'id',
    type: dataTypes.VarChar,
    isPrimaryKey: true,
    params: { max_length: String(uuidLength) },
  }
  const fields = vectors.map(([name, params], at) => fieldOf(name, params, 101 + at))
  return {
    description: '',
    fields: [id, ...fields],
    functions: [],
    hasDynamicField: true,
    properties: {},
    consistency: 'Strong',
    keyPartitions: 0,
    createdAt: String(hybridOf(0) + 1n),
    updatedAt: String(hybridOf(0) + 1n),
    indexes: vectors.map(([name, params], at) => indexOf(name, params, at)),
  }
}

function fieldOf(name: string, { kind, size }: VectorParams, id: number): FieldDocument {
  const type = kind === 'sparse' ? dataTypes.SparseFloatVector : dataTypes.FloatVector
  const params = kind === 'sparse' ? {} : { dim: String(size) }
  return { id, name: fieldNameOf(name), type, nullable: true, params }
}

function indexOf(vector: string, { distance }: VectorParams, at: number): IndexDocument {
  const name = fieldNameOf(vector)
  return {
    id: String(1_000 + at),
    name,
    field: name,
    params: { index_type: 'AUTOINDEX', metric_type: metricOf(distance) },
  }
}

const fieldNameOf = (vector: string): string => (vector === '' ? unnamedVector : vector)

/** Manhattan has no name in Milvus for vectors of numbers. */
export const metricOf = (distance: string): string =>
  ({ Cosine: 'COSINE', Dot: 'IP', Euclid: 'L2', Manhattan: 'L1', Jaccard: 'JACCARD' })[distance] ?? distance
