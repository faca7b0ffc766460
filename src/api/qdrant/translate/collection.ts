import type { CollectionConfig, Distance, JsonObject, JsonValue, VectorParams } from '../../../index.ts'
import {
  boolean,
  defaulted,
  isObject,
  map,
  memberOf,
  object,
  oneOf,
  optional,
  required,
  struct,
  text,
  u32,
  unsigned,
  untagged,
  usize,
  type Decoder,
} from '../decode.ts'
import { wrongInput } from '../failures.ts'
import { checkBounds, given } from './checks.ts'
import {
  checkNotPinned,
  checkParts,
  datatype,
  hnswDiff,
  memory,
  optimizersDiff,
  payloadStorage,
  quantization,
  strictModeConfig,
  walDiff,
} from './config-diffs.ts'
import { fullSettings } from './settings.ts'

const dimensionsMax = 65_536
const shardsMax = 1_024

interface GivenVector {
  readonly size: number
  readonly distance: Distance
  readonly settings: JsonObject
}

const multivector = struct('MultiVectorConfig', { comparator: required(oneOf('max_sim')) })

const vectorStruct = struct('VectorParams', {
  size: required(unsigned('a nonzero u64', Number.MAX_SAFE_INTEGER, 1)),
  distance: required(oneOf<Distance>('Cosine', 'Euclid', 'Dot', 'Manhattan')),
  hnsw_config: defaulted(hnswDiff),
  quantization_config: defaulted(quantization),
  on_disk: defaulted(boolean),
  memory: defaulted(memory),
  datatype: defaulted(datatype),
  multivector_config: defaulted<JsonValue>(multivector as Decoder<JsonValue>),
})

const vectorParams: Decoder<GivenVector> = (value) => {
  const { size, distance, ...rest } = vectorStruct(value)
  const settings = given(rest)
  const { hnsw_config: hnsw, ...others } = settings
  return { size, distance, settings: isObject(hnsw) && Object.keys(hnsw).length === 0 ? others : settings }
}

interface GivenVectors {
  readonly isSingle: boolean
  readonly vectors: Readonly<Record<string, GivenVector>>
}

/** Either the parameters of the one unnamed vector, or a map of parameters by name. */
const vectorsConfig = untagged<GivenVectors>(
  'VectorsConfig',
  (value) => ({ isSingle: true, vectors: { '': vectorParams(value) } }),
  (value) => ({ isSingle: false, vectors: map(vectorParams)(value) }),
)

const sparseIndex = struct('SparseIndexParams', {
  full_scan_threshold: defaulted(usize),
  on_disk: defaulted(boolean),
  datatype: defaulted(datatype),
  memory: defaulted(memory),
})
export const sparseVector = struct('SparseVectorParams', {
  index: defaulted(sparseIndex),
  modifier: defaulted(oneOf('none', 'idf')),
})

const decodeCreate = struct('CreateCollection', {
  vectors: {
    decode: vectorsConfig,
    absent: (): GivenVectors => ({ isSingle: false, vectors: {} }),
    hasDefault: true,
  },
  shard_number: defaulted(u32),
  sharding_method: defaulted(oneOf('auto', 'custom')),
  replication_factor: defaulted(u32),
  write_consistency_factor: defaulted(u32),
  on_disk_payload: defaulted(boolean),
  payload: defaulted(payloadStorage),
  hnsw_config: optional(hnswDiff),
  wal_config: optional(walDiff),
  optimizers_config: optional(optimizersDiff, 'optimizer_config'),
  quantization_config: optional(quantization, 'quantization'),
  sparse_vectors: optional(map(sparseVector)),
  strict_mode_config: optional(strictModeConfig),
  uuid: optional(text),
  metadata: optional(object),
})
export const createFields = [
  ...['vectors', 'shard_number', 'sharding_method', 'replication_factor', 'write_consistency_factor'],
  ...['on_disk_payload', 'payload', 'hnsw_config', 'wal_config', 'optimizers_config', 'quantization_config'],
  ...['sparse_vectors', 'strict_mode_config', 'uuid', 'metadata'],
]

/**
 * The body of PUT /collections/{name}. What the engine does not use is remembered in `settings`, complete with the
 * defaults of this moment, `defaults` being those of the server's configuration.
 */
export function translateCreate(body: JsonValue, defaults: JsonObject): CollectionConfig {
  const create = decodeCreate(body)
  checkNumbers(create)
  checkVectors(create.vectors)
  checkNotPinned(create.payload, 'payload', 'payload storage')
  checkParts(create)
  const sparse = Object.keys(create.sparse_vectors ?? {})
  checkNames(create.vectors, sparse)
  checkSparse(create.sparse_vectors ?? {})
  const { isSingle, vectors } = create.vectors
  const params = [
    ...Object.entries(vectors).map(([name, vector]) => [name, engineParams(vector)] as const),
    ...Object.entries(create.sparse_vectors ?? {}).map(
      ([name, vector]) => [name, sparseParams(vector)] as const,
    ),
  ]
  // A map of sparse vectors that is empty is echoed; others are the engine's.
  const noSparse = create.sparse_vectors === undefined ? undefined : {}
  const remembered = given({ ...create, vectors: undefined, sparse_vectors: noSparse })
  const settings = fullSettings(remembered, defaults, isSingle)
  return { vectors: Object.fromEntries(params), shardNumber: create.shard_number ?? 1, settings }
}

function checkNumbers(create: ReturnType<typeof decodeCreate>): void {
  for (const field of ['shard_number', 'replication_factor', 'write_consistency_factor'] as const) {
    checkBounds(create[field], { min: 1 }, field)
  }
  checkBounds(create.shard_number, { min: 1, max: shardsMax }, 'shard_number')
}

function checkVectors({ isSingle, vectors }: GivenVectors): void {
  for (const { size, settings } of Object.values(vectors)) {
    // The validator does not tell the names.
    const field = isSingle ? 'vectors' : 'vectors.?'
    checkBounds(size, { min: 1, max: dimensionsMax }, `${field}.size`)
    checkNotPinned(settings, field, 'dense vector storage')
    checkParts(settings, `${field}.`)
  }
}

const vectorNameBytesMax = 200

/** Why a vector cannot have this name, or undefined. */
export function nameFault(name: string): string | undefined {
  if (name.includes('/')) return 'vector name cannot contain "/" char'
  return Buffer.byteLength(name) > vectorNameBytesMax
    ? `vector name must be at most ${vectorNameBytesMax} bytes long`
    : undefined
}

function checkNames({ vectors }: GivenVectors, sparse: readonly string[]): void {
  for (const name of Object.keys(vectors)) {
    const fault = nameFault(name)
    if (fault !== undefined) throw wrongInput(`Invalid dense vector name \`${name}\`: ${fault}`)
  }
  for (const name of sparse) {
    if (name === '') throw wrongInput('Sparse vector name cannot be empty')
    if (Object.hasOwn(vectors, name)) {
      throw wrongInput(`Dense and sparse vector names must be unique - duplicate found with '${name}'`)
    }
  }
}

function checkSparse(vectors: Readonly<Record<string, ReturnType<typeof sparseVector>>>): void {
  for (const [name, { index }] of Object.entries(vectors)) {
    if (index?.datatype !== 'turbo4') continue
    throw wrongInput(
      `Invalid sparse vector \`${name}\`: sparse vectors do not support the datatype \`turbo4\``,
    )
  }
}

/** What the engine needs of the parameters; all of them are remembered in the settings, to be shown as they were given. */
function engineParams({ size, distance, settings }: GivenVector): VectorParams {
  const isMulti = isObject(memberOf(settings, 'multivector_config'))
  const type = memberOf(settings, 'datatype')
  return {
    ...(isMulti ? { kind: 'multi' } : {}),
    size,
    distance,
    // Values of `turbo4` are kept as they are: that type is a compression of Qdrant's own.
    ...(type === 'float16' || type === 'uint8' ? { datatype: type } : {}),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  }
}

function sparseParams(given: ReturnType<typeof sparseVector>): VectorParams {
  const settings = sparseSettings(given)
  return {
    kind: 'sparse',
    size: 0,
    distance: 'Dot',
    ...(given.modifier === 'idf' ? { modifier: 'idf' } : {}),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  }
}

export function sparseSettings({ index, modifier }: ReturnType<typeof sparseVector>): JsonObject {
  return given({ index: index === undefined ? undefined : given(index), modifier })
}

const addedDense = struct('DenseVectorConfig', {
  size: required(unsigned('u64', Number.MAX_SAFE_INTEGER, 0)),
  distance: required(oneOf<Distance>('Cosine', 'Euclid', 'Dot', 'Manhattan')),
  multivector_config: defaulted<JsonValue>(multivector as Decoder<JsonValue>),
  datatype: defaulted(datatype),
})
const addedSparse = struct('SparseVectorConfig', {
  modifier: defaulted(oneOf('none', 'idf')),
  datatype: defaulted(datatype),
})

/** The body of PUT /collections/{name}/vectors/{vector}. */
export function translateAddedVector(body: JsonValue): VectorParams {
  return untagged<VectorParams>(
    'VectorNameConfig',
    (value) => {
      const { dense } = struct('Dense', { dense: required(addedDense) })(value)
      const { size, distance, ...rest } = dense
      checkBounds(size, { min: 1, max: dimensionsMax }, 'dense.size')
      return engineParams({ size, distance, settings: given(rest) })
    },
    (value) => {
      const { sparse } = struct('Sparse', { sparse: required(addedSparse) })(value)
      const { modifier, datatype: type } = sparse
      return sparseParams({ modifier, index: type === undefined ? undefined : ({ datatype: type } as never) })
    },
  )(body)
}
