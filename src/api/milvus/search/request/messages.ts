import type { FunctionMessage, KeyValue } from '../../schema/messages.ts'

// The shapes of the messages that searches are made of.

export interface IdsMessage {
  readonly int_id?: { readonly data: readonly bigint[] } | null
  readonly str_id?: { readonly data: readonly string[] } | null
}

export interface FunctionScoreMessage {
  readonly functions: readonly FunctionMessage[]
  readonly params: readonly KeyValue[]
}

export interface SearchRequest {
  readonly db_name: string
  readonly collection_name: string
  readonly partition_names: readonly string[]
  readonly dsl: string
  readonly placeholder_group?: Uint8Array | null
  readonly ids?: IdsMessage | null
  readonly output_fields: readonly string[]
  readonly search_params: readonly KeyValue[]
  readonly expr_template_values: Readonly<Record<string, unknown>>
  readonly function_score?: FunctionScoreMessage | null
  readonly search_aggregation?: object | null
  /** An iterator's: the session timestamp of the answer that it began with. */
  readonly guarantee_timestamp: bigint
}

export interface HybridSearchRequest {
  readonly db_name: string
  readonly collection_name: string
  readonly partition_names: readonly string[]
  readonly requests: readonly SearchRequest[]
  readonly rank_params: readonly KeyValue[]
  readonly output_fields: readonly string[]
  readonly function_score?: FunctionScoreMessage | null
}

export interface PlaceholderMessage {
  readonly tag: string
  readonly type: number
  readonly values: readonly Uint8Array[]
}
