import {
  stringifyJson,
  type CollectionConfig,
  type JsonObject,
  type JsonValue,
  type VectorParams,
} from '../../../index.ts'
import { isObject, memberOf } from '../decode.ts'
import { shownDistance } from './shown-distance.ts'

// The vectors of a collection as Qdrant prints them when two do not fit: Rust's debug form.

const hnswFields = [
  ...[
    'm',
    'ef_construct',
    'full_scan_threshold',
    'max_indexing_threads',
    'on_disk',
    'payload_m',
    'inline_storage',
  ],
  'memory',
]
const vectorFields = [
  'hnsw_config',
  'quantization_config',
  'on_disk',
  'memory',
  'datatype',
  'multivector_config',
]

/** `isNamed`: the collection was made with vectors by name. */
export function debugVectors(config: CollectionConfig): string {
  // Qdrant compares dense vectors only.
  const names = Object.keys(config.vectors)
    .filter((name) => config.vectors[name]!.kind !== 'sparse')
    .sort()
  const single = config.vectors['']
  if (names.length === 1 && single !== undefined && config.settings?.['named'] !== true) {
    return `Single(${debugVector(single)})`
  }
  const members = names.map((name) => `${JSON.stringify(name)}: ${debugVector(config.vectors[name]!)}`)
  return `Multi({${members.join(', ')}})`
}

function debugVector({ size, distance, settings = {} }: VectorParams): string {
  const parts = vectorFields.map((name) => `${name}: ${option(memberOf(settings, name), name)}`)
  return `VectorParams { size: ${size}, distance: ${shownDistance(distance)}, ${parts.join(', ')} }`
}

function option(value: JsonValue | undefined, name: string): string {
  if (value === undefined) return 'None'
  if (name === 'hnsw_config' && isObject(value)) return `Some(${debugHnsw(value)})`
  return `Some(${debugValue(value)})`
}

function debugHnsw(value: JsonObject): string {
  const parts = hnswFields.map((name) => `${name}: ${option(memberOf(value, name), '')}`)
  return `HnswConfigDiff { ${parts.join(', ')} }`
}

function debugValue(value: JsonValue): string {
  if (isObject(value)) {
    return `{ ${Object.entries(value)
      .map(([key, member]) => `${key}: ${debugValue(member)}`)
      .join(', ')} }`
  }
  // Texts stand for the variants of enums, which begin with a capital.
  return typeof value === 'string' ? value.slice(0, 1).toUpperCase() + value.slice(1) : stringifyJson(value)
}
