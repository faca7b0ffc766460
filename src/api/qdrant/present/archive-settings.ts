import type {
  CollectionConfig,
  JsonObject,
  JsonValue,
  PayloadIndexParams,
  QdrantSettings,
  VectorParams,
} from '../../../index.ts'
import { given } from '../translate/checks.ts'
import { collectionConfig } from './collection.ts'

/** What an archive in Qdrant's own form says of a collection, whoever made it. */
export function archiveSettings(config: CollectionConfig): QdrantSettings {
  const vectors = Object.entries(config.vectors).map(
    ([name, params]) => [name, { ...params, settings: wholeSettings(params) }] as const,
  )
  const indexes = Object.entries(config.payloadIndexes ?? {})
  return {
    config: collectionConfig({ ...config, vectors: Object.fromEntries(vectors) }),
    payloadIndexes: Object.fromEntries(indexes.map(([field, index]) => [field, schemaOf(index)])),
  }
}

/** Collections that this door has not made say less of their vectors than Qdrant needs to be told. */
function wholeSettings({ kind, datatype, modifier, onDisk, graph, settings }: VectorParams): JsonObject {
  return {
    ...(kind === 'multi' ? { multivector_config: { comparator: 'max_sim' } } : {}),
    ...(datatype === undefined || datatype === 'float32' ? {} : { datatype }),
    ...(modifier === undefined ? {} : { modifier }),
    ...(onDisk === true ? { on_disk: true } : {}),
    ...hnswOf(graph),
    ...settings,
  }
}

/** Least of `ef_construct` that Qdrant takes. */
const efConstructMin = 4

function hnswOf(graph: VectorParams['graph']): JsonObject {
  if (graph?.m === undefined && graph?.efConstruct === undefined) return {}
  const efConstruct =
    graph.efConstruct === undefined ? undefined : Math.max(graph.efConstruct, efConstructMin)
  return { hnsw_config: given({ m: graph.m, ef_construct: efConstruct }) }
}

/** A type alone, or with its parameters. */
function schemaOf({ settings, type, ...params }: PayloadIndexParams): JsonValue {
  if (settings !== undefined) return settings
  const { stopwords, stopwordLanguages, stemmer } = params
  const hasStopwords = stopwords !== undefined || stopwordLanguages !== undefined
  const told = given({
    tokenizer: params.tokenizer,
    lowercase: params.lowercase,
    min_token_len: params.minTokenLength,
    max_token_len: params.maxTokenLength,
    phrase_matching: params.phraseMatching,
    ascii_folding: params.asciiFolding,
    stopwords: hasStopwords ? given({ languages: stopwordLanguages, custom: stopwords }) : undefined,
    stemmer: stemmer === undefined ? undefined : { type: 'snowball', language: stemmer },
    lookup: params.lookup,
    range: params.range,
  })
  if (Object.keys(told).length === 0) return type
  return { type, ...(type === 'text' ? { tokenizer: 'word' } : {}), ...told }
}
