import type { Distance } from '../../../index.ts'
import { dataTypes, typeName } from '../schema/data-types.ts'
import { dimensionsOf, type FieldDocument, type MilvusDocument } from '../schema/document.ts'
import { codes, invalidParameter, MilvusError } from '../status.ts'
import type { IndexParams } from './index-params.ts'

// Milvus' types of vector indexes are names here: their parameters are checked and kept, and searches use the engine's own
// graph. What counts is the metric.

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

export const hnswTypes = words('HNSW HNSW_SQ HNSW_PQ HNSW_PRQ')
const nlistTypes = words(
  'IVF_FLAT IVF_FLAT_CC IVF_SQ8 IVF_SQ_CC IVF_PQ IVF_RABITQ SCANN SCANN_DVR GPU_IVF_FLAT GPU_IVF_PQ BIN_IVF_FLAT',
)
const floatTypes = words(
  `FLAT IVF_FLAT IVF_FLAT_CC IVF_SQ8 IVF_SQ_CC IVF_PQ IVF_RABITQ HNSW HNSW_SQ HNSW_PQ HNSW_PRQ SCANN SCANN_DVR DISKANN AISAQ
   AUTOINDEX GPU_IVF_FLAT GPU_IVF_PQ GPU_CAGRA GPU_BRUTE_FORCE GPU_VAMANA`,
)
const binaryTypes = words('BIN_FLAT BIN_IVF_FLAT AUTOINDEX HNSW')
const sparseTypes = words('SPARSE_INVERTED_INDEX SPARSE_WAND AUTOINDEX')

const floatMetrics = ['L2', 'IP', 'COSINE']
const bitMetrics = ['HAMMING', 'JACCARD']
const sparseMetrics = ['IP', 'BM25']

const ranges: Readonly<Record<string, readonly [least: number, most: number]>> = {
  efConstruction: [1, 2_147_483_647],
  M: [1, 2_048],
  nlist: [1, 65_536],
}
const bm25 = 1
const maxSim = 'MAX_SIM_'

/** The parameters as the collection keeps them, with type and metric. @throws 1100, 65535 */
export function vectorIndexParams(
  document: MilvusDocument,
  field: FieldDocument,
  given: IndexParams,
): IndexParams {
  const type = (given['index_type'] ?? '') || 'AUTOINDEX'
  checkType(type, field)
  if (hnswTypes.has(type)) checkRanges(['efConstruction', 'M'], given)
  if (nlistTypes.has(type)) checkRanges(['nlist'], given)
  if (type === 'IVF_PQ' || type === 'GPU_IVF_PQ') checkSubspaces(field, given)
  if (field.type === dataTypes.SparseFloatVector) checkSparse(given)
  const metric = (given['metric_type'] ?? '') || defaultMetric(document, field)
  checkMetric(metric, type, document, field)
  return { ...given, index_type: type, metric_type: metric }
}

function checkType(type: string, field: FieldDocument): void {
  const dataType = vectorTypeOf(field)
  const types =
    dataType === dataTypes.BinaryVector
      ? binaryTypes
      : dataType === dataTypes.SparseFloatVector
        ? sparseTypes
        : floatTypes
  if (types.has(type)) return
  if (binaryTypes.has(type)) throw refused('binary vector is only supported')
  if (!floatTypes.has(type) || types === floatTypes) throw refused(`invalid index type: ${type}`)
  throw refused(`data type ${typeName(dataType)} can't build with this index ${type}`)
}

/** Where one is not given, Milvus has a default for it. */
function checkRanges(names: readonly string[], given: IndexParams): void {
  for (const name of names) {
    if (given[name] === undefined) continue
    const [least, most] = ranges[name]!
    const value = Number(given[name])
    if (!Number.isInteger(value) || value < least || value > most)
      throw refused(`${name} out of range: [${least}, ${most}]`)
  }
}

function checkSubspaces(field: FieldDocument, { m }: IndexParams): void {
  if (m === undefined) return
  const dimensions = dimensionsOf(field)
  if (Number(m) > 0 && dimensions % Number(m) === 0) return
  throw refused(`dimension must be able to be divided by \`m\`, dimension: ${dimensions}, m: ${m}`)
}

function checkSparse({ drop_ratio_build: dropRatio, bm25_k1: k1, bm25_b: b }: IndexParams): void {
  if (dropRatio !== undefined && !(Number(dropRatio) >= 0 && Number(dropRatio) < 1))
    throw refused(`invalid drop_ratio_build: ${dropRatio}, must be in range [0, 1)`)
  checkBm25('bm25_k1', k1, 3)
  checkBm25('bm25_b', b, 1)
}

function checkBm25(name: string, given: string | undefined, most: number): void {
  if (given === undefined) return
  const value = given.trim() === '' ? NaN : Number(given)
  if (!(value >= 0 && value <= most))
    throw invalidParameter(`invalid ${name}: ${given}, must be in range [0, ${most}]`)
}

const isFunctionOf = ({ functions }: MilvusDocument, field: FieldDocument): boolean =>
  functions.some(({ type, outputs }) => type === bm25 && outputs.includes(field.name))

function defaultMetric(document: MilvusDocument, field: FieldDocument): string {
  if (field.type === dataTypes.ArrayOfVector)
    return vectorTypeOf(field) === dataTypes.BinaryVector ? 'MAX_SIM_HAMMING' : 'MAX_SIM_COSINE'
  if (field.type === dataTypes.BinaryVector) return 'HAMMING'
  if (field.type !== dataTypes.SparseFloatVector) return 'COSINE'
  return isFunctionOf(document, field) ? 'BM25' : 'IP'
}

function checkMetric(metric: string, type: string, document: MilvusDocument, field: FieldDocument): void {
  const supported = metricsOf(type, field)
  if (!supported.includes(metric))
    throw refused(`metric type not found or not supported, supported: [${supported.join(' ')}]`)
  const isText = isFunctionOf(document, field)
  if (metric === 'BM25' && !isText) throw refused('only BM25 Function output field support BM25 metric type')
  if (metric !== 'BM25' && isText)
    throw invalidParameter(`index metric type of BM25 function output field must be BM25, got ${metric}`)
}

/** Of the vectors, also where a field has lists of them. */
const vectorTypeOf = ({ type, elementType }: FieldDocument): number =>
  type === dataTypes.ArrayOfVector ? elementType! : type

function metricsOf(type: string, field: FieldDocument): readonly string[] {
  const metrics = plainMetrics(type, vectorTypeOf(field))
  if (field.type !== dataTypes.ArrayOfVector) return metrics
  // With its prefix a metric compares lists with lists, without it vectors with one another.
  return [...metrics, 'MAX_SIM', ...metrics.map((metric) => maxSim + metric)]
}

function plainMetrics(type: string, dataType: number): readonly string[] {
  if (dataType === dataTypes.SparseFloatVector) return sparseMetrics
  if (dataType === dataTypes.BinaryVector) return bitMetrics
  return type === 'HNSW' || type === 'AUTOINDEX' ? [...floatMetrics, ...bitMetrics] : floatMetrics
}

/** That by which the vectors of lists are compared one by one. */
export const singleMetric = (metric: string): string => {
  if (metric === 'MAX_SIM') return 'COSINE'
  return metric.startsWith(maxSim) ? metric.slice(maxSim.length) : metric
}

/** Over bits, which are numbers 0 and 1 here, the Manhattan distance counts those that differ. */
export function distanceOf(metric: string): Distance {
  switch (singleMetric(metric)) {
    case 'L2':
      return 'Euclid'
    case 'COSINE':
      return 'Cosine'
    case 'HAMMING':
      return 'Manhattan'
    case 'JACCARD':
      return 'Jaccard'
    default:
      return 'Dot'
  }
}

const refused = (text: string): MilvusError => new MilvusError(codes.unexpected, text)
