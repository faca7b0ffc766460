import type { CollectionReader, JsonObject, JsonValue } from '../../../index.ts'

/** Levels of consistency, by Milvus' numbers. A read here always sees every acknowledged write. */
export const consistencyLevels = ['Strong', 'Session', 'Bounded', 'Eventually', 'Customized'] as const
export type ConsistencyLevel = (typeof consistencyLevels)[number]

export interface FieldDocument {
  /** From 100 on, in the order of the schema; kept by restores. */
  readonly id: number
  readonly name: string
  /** Number of Milvus' DataType. */
  readonly type: number
  /** Of an array's elements. */
  readonly elementType?: number
  readonly description?: string
  readonly isPrimaryKey?: boolean
  readonly autoId?: boolean
  readonly isPartitionKey?: boolean
  readonly isClusteringKey?: boolean
  readonly nullable?: boolean
  readonly isFunctionOutput?: boolean
  readonly defaultValue?: JsonValue
  /** As they were given: dim, max_length, max_capacity, mmap.enabled, … */
  readonly params: Readonly<Record<string, string>>
}

/** An array of structs. Its fields have one array each, all of them equally long in a row: that of their values. */
export interface StructDocument {
  readonly id: number
  readonly name: string
  readonly description?: string
  readonly nullable?: boolean
  /** By full names (`clips[title]`): of type Array or ArrayOfVector, with the type of the values as `elementType`. */
  readonly fields: readonly FieldDocument[]
  readonly params: Readonly<Record<string, string>>
}

export interface FunctionDocument {
  readonly id: number
  readonly name: string
  readonly type: number
  readonly description: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly params: Readonly<Record<string, string>>
}

export interface IndexDocument {
  readonly id: string
  readonly name: string
  readonly field: string
  /** As they were given, index_type and metric_type among them; those of `params` as well. */
  readonly params: Readonly<Record<string, string>>
}

/**
 * What Milvus' users say of a collection and the engine does not need: a part of the collection's settings, so that it
 * goes where the collection goes.
 */
export interface MilvusDocument {
  readonly description: string
  readonly fields: readonly FieldDocument[]
  /** Left out: none. */
  readonly structs?: readonly StructDocument[]
  readonly functions: readonly FunctionDocument[]
  readonly hasDynamicField: boolean
  readonly properties: Readonly<Record<string, string>>
  readonly consistency: ConsistencyLevel
  /** How many partitions a partition key is said to make; 0 without one. */
  readonly keyPartitions: number
  /** Hybrid timestamps, as text. */
  readonly createdAt: string
  readonly updatedAt: string
  readonly indexes: readonly IndexDocument[]
  /** The greatest id of fields that were dropped. */
  readonly lastFieldId?: number
}

/** The document of a collection that was made through this door. */
export function documentOf(reader: Pick<CollectionReader, 'config'>): MilvusDocument | undefined {
  return documentIn(reader.config().settings)
}

/** The document in a collection's settings. */
export function documentIn(settings: JsonObject | undefined): MilvusDocument | undefined {
  const document = settings?.['milvus']
  return document === undefined ? undefined : (document as unknown as MilvusDocument)
}

/** Settings with another document. */
export const withDocument = (settings: JsonObject | undefined, document: MilvusDocument): JsonObject => ({
  ...settings,
  milvus: document as unknown as JsonObject,
})

export const primaryKeyOf = (document: MilvusDocument): FieldDocument =>
  document.fields.find(({ isPrimaryKey }) => isPrimaryKey === true)!

/** Dimensions of a dense vector field; 0 for others. */
export const dimensionsOf = ({ params }: FieldDocument): number => Number(params['dim'] ?? 0)
