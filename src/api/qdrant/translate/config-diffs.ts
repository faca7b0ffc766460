import type { JsonObject, JsonValue } from '../../../index.ts'
import {
  boolean,
  defaulted,
  float,
  gatheredMap,
  memberOf,
  isObject,
  numberOf,
  oneOf,
  optional,
  required,
  struct,
  u64,
  unsigned,
  untagged,
  usize,
  type Decoder,
  type Fields,
} from '../decode.ts'
import { invalid } from '../failures.ts'
import { checkBounds, checkMembers, given } from './checks.ts'

// The parts of a collection's configuration that are given on creation or in a change. The engine does without most of
// them; they are checked, remembered and echoed, so that tools which compare configurations find what they sent.

type Part = Readonly<Record<string, JsonValue | undefined>>

/** The fields that were given, and no others. */
function part<T extends Part>(name: string, fields: Fields<T>): Decoder<JsonObject> {
  const decode = struct(name, fields)
  return (value) => given(decode(value))
}

export const memory = oneOf('cold', 'cached', 'pinned')
export const datatype = oneOf('float32', 'uint8', 'float16', 'turbo4')

export const hnswDiff = part('HnswConfigDiff', {
  m: optional(usize),
  ef_construct: optional(usize),
  full_scan_threshold: optional(usize),
  max_indexing_threads: defaulted(usize),
  on_disk: defaulted(boolean),
  payload_m: defaulted(usize),
  inline_storage: defaulted(boolean),
  memory: defaulted(memory),
})

export const walDiff = part('WalConfigDiff', {
  wal_capacity_mb: optional(usize),
  wal_segments_ahead: optional(usize),
  wal_retain_closed: defaulted(usize),
})

const optimizationThreads = untagged<JsonValue>(
  'MaxOptimizationThreads',
  (value) => {
    oneOf('auto')(value)
    return null
  },
  usize,
)

export const optimizersDiff = part('OptimizersConfigDiff', {
  deleted_threshold: optional(float('f64')),
  vacuum_min_vector_number: optional(usize),
  default_segment_number: optional(usize),
  max_segment_size: optional(usize),
  memmap_threshold: optional(usize),
  indexing_threshold: optional(usize),
  flush_interval_sec: optional(u64),
  max_optimization_threads: optional(optimizationThreads),
  prevent_unoptimized: defaulted(boolean),
})

/** `auto` threads are what is shown as null. */
export function clearsThreads(value: JsonValue | undefined): boolean {
  return isObject(value) && memberOf(value, 'max_optimization_threads') === 'auto'
}

const scalar = part('ScalarQuantizationConfig', {
  type: required(oneOf('int8')),
  quantile: optional(float('f32')),
  always_ram: optional(boolean),
  memory: defaulted(memory),
})
const product = part('ProductQuantizationConfig', {
  compression: required(oneOf('x4', 'x8', 'x16', 'x32', 'x64')),
  always_ram: optional(boolean),
  memory: defaulted(memory),
})
const binary = part('BinaryQuantizationConfig', {
  always_ram: defaulted(boolean),
  encoding: defaulted(oneOf('one_bit', 'two_bits', 'one_and_half_bits')),
  query_encoding: defaulted(oneOf('default', 'binary', 'scalar4bits', 'scalar8bits')),
  memory: defaulted(memory),
})
const turbo = part('TurboQuantizationConfig', {
  always_ram: defaulted(boolean),
  bits: defaulted(oneOf('bits1', 'bits1_5', 'bits2', 'bits4')),
  memory: defaulted(memory),
})
const quantizations: readonly Decoder<JsonValue>[] = [
  part('ScalarQuantization', { scalar: required(scalar) }),
  part('ProductQuantization', { product: required(product) }),
  part('BinaryQuantization', { binary: required(binary) }),
  part('TurboQuantization', { turbo: required(turbo) }),
]

export const quantization = untagged('QuantizationConfig', ...quantizations)
/** In a change: also `Disabled`. */
export const quantizationDiff = untagged('QuantizationConfigDiff', ...quantizations, oneOf('Disabled'))

export const payloadStorage = part('PayloadStorageParams', { memory: defaulted(memory) })

const strictVectors = gatheredMap<JsonValue>(part('StrictModeMultivector', { max_vectors: defaulted(usize) }))
const strictSparse = gatheredMap<JsonValue>(part('StrictModeSparse', { max_length: defaulted(usize) }))

export const strictModeConfig = part('StrictModeConfig', {
  enabled: optional(boolean),
  max_query_limit: optional(usize),
  max_timeout: optional(usize),
  unindexed_filtering_retrieve: optional(boolean),
  unindexed_filtering_update: optional(boolean),
  search_max_hnsw_ef: optional(usize),
  search_allow_exact: optional(boolean),
  search_max_oversampling: optional(float('f64')),
  upsert_max_batchsize: optional(usize),
  search_max_batchsize: optional(usize),
  max_collection_vector_size_bytes: optional(usize),
  read_rate_limit: optional(usize),
  write_rate_limit: optional(usize),
  max_collection_payload_size_bytes: optional(usize),
  max_points_count: optional(usize),
  filter_max_conditions: optional(usize),
  condition_max_size: optional(usize),
  multivector_config: optional(strictVectors),
  sparse_config: optional(strictSparse),
  max_payload_index_count: optional(usize),
  max_resident_memory_percent: optional(unsigned('usize')),
})

const hnswBounds = { ef_construct: { min: 4 }, full_scan_threshold: { min: 10 } }
const optimizersBounds = {
  deleted_threshold: { min: 0, max: 1, isFloat: true },
  vacuum_min_vector_number: { min: 100 },
  max_segment_size: { min: 1 },
}
const strictBounds = {
  max_query_limit: { min: 1 },
  max_timeout: { min: 1 },
  read_rate_limit: { min: 1 },
  write_rate_limit: { min: 1 },
  max_points_count: { min: 1 },
  max_resident_memory_percent: { min: 1, max: 100 },
}

interface Parts {
  readonly hnsw_config?: JsonValue | undefined
  readonly optimizers_config?: JsonValue | undefined
  readonly wal_config?: JsonValue | undefined
  readonly quantization_config?: JsonValue | undefined
  readonly strict_mode_config?: JsonValue | undefined
}

/** What the validator has to say of the parts, which stand in `holder` below `prefix`. @throws WireError 422 */
export function checkParts(holder: Parts, prefix = ''): void {
  checkMembers(holder.hnsw_config, hnswBounds, `${prefix}hnsw_config`)
  checkMembers(holder.optimizers_config, optimizersBounds, `${prefix}optimizers_config`)
  checkMembers(holder.wal_config, { wal_capacity_mb: { min: 1 } }, `${prefix}wal_config`)
  checkMembers(holder.strict_mode_config, strictBounds, `${prefix}strict_mode_config`)
  checkQuantile(holder.quantization_config, `${prefix}quantization_config`)
  const strict = holder.strict_mode_config
  if (!isObject(strict)) return
  checkEach(
    memberOf(strict, 'multivector_config'),
    'max_vectors',
    `${prefix}strict_mode_config.multivector_config`,
  )
  checkEach(memberOf(strict, 'sparse_config'), 'max_length', `${prefix}strict_mode_config.sparse_config`)
}

function checkQuantile(value: JsonValue | undefined, field: string): void {
  const inner = isObject(value) ? memberOf(value, 'scalar') : undefined
  if (!isObject(inner)) return
  const quantile = numberOf(memberOf(inner, 'quantile'))
  // Qdrant reads a float32 and shows what became of it.
  const shown = quantile === undefined ? undefined : Math.fround(quantile)
  checkBounds(shown, { min: 0.5, max: 1, isFloat: true }, `${field}.scalar.quantile`)
}

function checkEach(value: JsonValue | undefined, member: string, field: string): void {
  if (!isObject(value)) return
  Object.values(value).forEach((item, index) => {
    checkMembers(item, { [member]: { min: 1 } }, `${field}.config[${index}]`)
  })
}

/** Pinned memory is for indexes only. @throws WireError 422 */
export function checkNotPinned(value: JsonValue | undefined, field: string, what: string): void {
  if (!isObject(value) || memberOf(value, 'memory') !== 'pinned') return
  throw invalid(`${field}.memory: \`pinned\` memory placement is not supported for ${what}`)
}
