import { stringifyJson, type JsonValue, type ReadOptions } from '../../../../index.ts'
import { payloadOf } from '../../rows/outgoing/result-columns.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { dataTypes, isIntegerType, isVectorType, typeName } from '../../schema/data-types.ts'
import type { FieldDocument } from '../../schema/document.ts'
import { codes, invalidParameter, MilvusError } from '../../status.ts'
import { readAgain, readRanking, type FoundHit, type HitQuery } from './find-hits.ts'
import type { GroupBy } from '../request/search-params.ts'

/** The field that a search groups by. @throws 1100, 65535 */
export function groupFieldOf(model: CollectionModel, { field: name }: GroupBy): FieldDocument {
  const field = model.fields.get(name)
  if (field === undefined)
    throw new MilvusError(
      codes.fieldNotFound,
      `groupBy field not found in schema: field not found[field=${name}]`,
    )
  const { type } = field
  const isGroupable =
    isIntegerType(type) ||
    type === dataTypes.Bool ||
    type === dataTypes.VarChar ||
    type === dataTypes.Timestamptz
  if (!isGroupable)
    throw invalidParameter(`unsupported data type ${nameInGroups(type)} for group by operator`)
  return field
}

/** As it is called where hits are grouped: `FLOAT`, `VECTOR_FLOAT`. */
const nameInGroups = (type: number): string =>
  isVectorType(type)
    ? `VECTOR_${typeName(type).replace('Vector', '').toUpperCase()}`
    : typeName(type).toUpperCase()

/** Hits in groups, in the order of the best ones. */
export class Groups {
  readonly #size: number
  readonly #most: number
  readonly #groups = new Map<string, FoundHit[]>()

  constructor(most: number, size: number) {
    this.#most = most
    this.#size = size
  }

  add(hit: FoundHit, value: JsonValue | undefined): void {
    const key = stringifyJson(value ?? null)
    const group = this.#groups.get(key)
    if (group !== undefined) {
      if (group.length < this.#size) group.push(hit)
    } else if (this.#groups.size < this.#most) this.#groups.set(key, [hit])
  }

  get count(): number {
    return this.#groups.size
  }

  get isComplete(): boolean {
    return this.count === this.#most
  }

  get isFull(): boolean {
    return this.isComplete && [...this.#groups.values()].every((group) => group.length === this.#size)
  }

  /** Without the first `offset` groups. */
  hits(offset: number): FoundHit[] {
    return [...this.#groups.values()].slice(offset).flat()
  }
}

/** How much of the ranking is looked at to fill groups that are not asked to be full, in their whole sizes. */
const effort = 64

export interface GroupWindow {
  readonly limit: number
  readonly offset: number
}

/** The groups of the best hits, one behind the other; without a value a hit belongs to the group of null. */
export async function findGroups(
  query: HitQuery,
  field: FieldDocument,
  { size, isStrict }: GroupBy,
  { limit, offset }: GroupWindow,
  reads: ReadOptions,
): Promise<readonly FoundHit[]> {
  const most = limit + offset
  const valueOf = groupValue(field)
  const groupsOf = (hits: readonly FoundHit[]): Groups => {
    const groups = new Groups(most, size)
    for (const hit of hits) groups.add(hit, valueOf(hit))
    return groups
  }
  const found = await readRanking(query, most * size, readsForGroups(field), (hits) => {
    const groups = groupsOf(hits)
    const isEnough = groups.isFull || (!isStrict && groups.isComplete && hits.length >= most * size * effort)
    return isEnough ? groups : undefined
  })
  const groups = found instanceof Groups ? found : groupsOf(found)
  return await readAgain(query, groups.hits(offset), reads)
}

export const readsForGroups = (field: FieldDocument): ReadOptions => ({ payload: { include: [field.name] } })

/** The same, with what groups are known by, which is answered as well. */
export function alsoReadingGroups(reads: ReadOptions, field: FieldDocument | undefined): ReadOptions {
  if (field === undefined || reads.payload === true) return reads
  const isNothingRead = reads.payload === undefined || reads.payload === false
  return { ...reads, ...(isNothingRead ? readsForGroups(field) : { payload: true }) }
}

/** What stands in the field of a hit that was read with it. */
export const groupValue =
  (field: FieldDocument) =>
  ({ point }: FoundHit): JsonValue | undefined =>
    field.isPrimaryKey === true ? String(point.id) : (payloadOf(point)[field.name] ?? field.defaultValue)
