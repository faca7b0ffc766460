import type { CollectionConfig, JsonObject, JsonValue } from '../../../index.ts'
import {
  boolean,
  defaulted,
  isObject,
  map,
  memberOf,
  nonZeroU32,
  object,
  optional,
  struct,
  u32,
  u64,
} from '../decode.ts'
import { wrongInput } from '../failures.ts'
import { given } from './checks.ts'
import { sparseSettings, sparseVector } from './collection.ts'
import {
  checkNotPinned,
  checkParts,
  clearsThreads,
  hnswDiff,
  memory,
  optimizersDiff,
  payloadStorage,
  quantizationDiff,
  strictModeConfig,
} from './config-diffs.ts'
import { overlay, settingsOf } from './settings.ts'
import { knownVector } from './vectors.ts'

const vectorDiff = struct('VectorParamsDiff', {
  hnsw_config: defaulted(hnswDiff),
  quantization_config: defaulted(quantizationDiff),
  on_disk: defaulted(boolean),
  memory: defaulted(memory),
})

const paramsDiff = struct('CollectionParamsDiff', {
  replication_factor: optional(nonZeroU32),
  write_consistency_factor: optional(nonZeroU32),
  read_fan_out_factor: optional(u32),
  read_fan_out_delay_ms: optional(u64),
  on_disk_payload: optional(boolean),
  payload: defaulted(payloadStorage),
})

const decodeUpdate = struct('UpdateCollection', {
  vectors: optional(map(vectorDiff)),
  optimizers_config: optional(optimizersDiff, 'optimizer_config'),
  params: optional(paramsDiff),
  hnsw_config: optional(hnswDiff),
  quantization_config: optional(quantizationDiff, 'quantization'),
  sparse_vectors: optional(map(sparseVector)),
  strict_mode_config: optional(strictModeConfig),
  metadata: optional(object),
})

export interface SettingsChange {
  readonly settings: JsonObject
  readonly vectorSettings: Readonly<Record<string, JsonObject>>
  readonly modifiers: Readonly<Record<string, 'idf' | null>>
}

/** PATCH /collections/{name}: decoded and validated; the function then gives the settings after it. */
export function translateUpdate(body: JsonValue): (config: CollectionConfig) => SettingsChange {
  const update = decodeUpdate(body)
  for (const diff of Object.values(update.vectors ?? {})) {
    checkNotPinned(given(diff), 'vectors.?', 'dense vector storage')
    checkParts(diff, 'vectors.?.')
  }
  checkParts(update)
  checkNotPinned(update.params?.payload, 'params.payload', 'payload storage')
  const threads = isObject(body) ? (body['optimizers_config'] ?? body['optimizer_config']) : undefined
  return (config) => ({
    settings: changedSettings(settingsOf(config.settings), update, clearsThreads(threads)),
    vectorSettings: changedVectors(config, update),
    modifiers: changedModifiers(update),
  })
}

type Update = ReturnType<typeof decodeUpdate>

function changedSettings(before: JsonObject, update: Update, isThreadsCleared: boolean): JsonObject {
  const { quantization_config: quantization, strict_mode_config: strict, metadata } = update
  const changed: Record<string, JsonValue> = {
    ...before,
    params: overlay(before['params'], given(update.params ?? {})),
    hnsw_config: overlay(before['hnsw_config'], update.hnsw_config),
    optimizers_config: overlay(
      before['optimizers_config'],
      update.optimizers_config,
      isThreadsCleared ? { max_optimization_threads: null } : {},
    ),
  }
  if (quantization === 'Disabled') delete changed['quantization_config']
  else if (quantization !== undefined) changed['quantization_config'] = quantization
  if (strict !== undefined) changed['strict_mode_config'] = overlay(before['strict_mode_config'], strict)
  if (metadata !== undefined) changed['metadata'] = mergedMetadata(before['metadata'], metadata)
  return changed
}

/** Keys are replaced; null removes one. */
function mergedMetadata(before: JsonValue | undefined, change: JsonObject): JsonObject {
  return given(overlay(before, change))
}

function changedVectors(
  config: CollectionConfig,
  { vectors, sparse_vectors: sparse }: Update,
): Record<string, JsonObject> {
  const changed = Object.entries(vectors ?? {}).map(([name, diff]): [string, JsonObject] => {
    return [name, changedVector(knownVector(config.vectors, name).settings ?? {}, diff)]
  })
  const sparseChanged = Object.entries(sparse ?? {}).map(([name, diff]): [string, JsonObject] => {
    const params = Object.hasOwn(config.vectors, name) ? config.vectors[name]! : undefined
    if (params?.kind !== 'sparse') throw wrongInput(`Not existing vector name error: ${name}`)
    const { index, ...rest } = sparseSettings(diff)
    const before = params.settings ?? {}
    const indexed = isObject(index) ? { index: overlay(memberOf(before, 'index'), index) } : {}
    return [name, { ...before, ...indexed, ...rest }]
  })
  return Object.fromEntries([...changed, ...sparseChanged])
}

function changedModifiers({ sparse_vectors: sparse }: Update): Record<string, 'idf' | null> {
  return Object.fromEntries(
    Object.entries(sparse ?? {}).flatMap(([name, { modifier }]) =>
      modifier === undefined ? [] : [[name, modifier === 'idf' ? 'idf' : null] as const],
    ),
  )
}

function changedVector(before: JsonObject, diff: ReturnType<typeof vectorDiff>): JsonObject {
  const { hnsw_config: hnsw, quantization_config: quantization, ...rest } = given(diff)
  const changed: Record<string, JsonValue> = { ...before, ...rest }
  if (isObject(hnsw) && Object.keys(hnsw).length > 0) {
    changed['hnsw_config'] = overlay(memberOf(before, 'hnsw_config'), hnsw)
  }
  if (quantization === 'Disabled') delete changed['quantization_config']
  else if (quantization !== undefined) changed['quantization_config'] = quantization
  return changed
}
