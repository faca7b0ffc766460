import { tokenize, type Collection, type VectorInput } from '../../../../index.ts'
import { hasTextKeys, pointIdOf, type PrimaryKey } from '../../rows/keys.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { invalidParameter, type MilvusError } from '../../status.ts'
import { analyzerOf } from '../../text/analyzer.ts'
import { queryVector } from '../../text/terms.ts'
import type { IdsMessage, SearchRequest } from '../request/messages.ts'
import { soughtOf, type Sought } from '../request/placeholders.ts'
import type { SearchedField } from '../request/searched-field.ts'

/**
 * The vectors that a request searches for, one for each of its queries; those of rows that it names are looked for in
 * `partitions`. @throws 1100
 */
export async function queryVectors(
  collection: Collection,
  model: CollectionModel,
  searched: SearchedField,
  request: Pick<SearchRequest, 'placeholder_group' | 'ids'>,
  partitions: readonly string[] | undefined,
): Promise<readonly VectorInput[]> {
  const { placeholder_group: group, ids } = request
  if (ids !== undefined && ids !== null) {
    if (searched.field.type === dataTypes.ArrayOfVector)
      throw invalidParameter(
        `search by primary key is not supported for embedding list field ${searched.field.name}`,
      )
    if (searched.text !== undefined) throw textWanted(searched)
    return await vectorsOfKeys(collection, model, searched, keysOf(model, ids), partitions)
  }
  if (group === undefined || group === null)
    throw invalidParameter('neither placeholder_group nor ids is given')
  return soughtOf(group, searched.field).map((sought) => vectorOf(searched, sought))
}

function vectorOf(searched: SearchedField, sought: Sought): VectorInput {
  const { text, field, signatureOf } = searched
  if (sought.kind === 'list') return sought.vectors
  if (sought.kind === 'vector') {
    if (text !== undefined) throw textWanted(searched)
    return sought.vector
  }
  if (signatureOf !== undefined) return signatureOf(sought.text)
  if (text === undefined)
    throw invalidParameter(
      `field ${field.name} is not made of texts by a function, and cannot be searched for a text`,
    )
  return queryVector(tokenize(sought.text, analyzerOf(text), 'query'))
}

const textWanted = ({ field }: SearchedField): MilvusError =>
  invalidParameter(
    `please provide varchar/text for BM25 Function based search: field ${field.name} is made of texts`,
  )

function keysOf(
  model: CollectionModel,
  { int_id: numbers, str_id: texts }: IdsMessage,
): readonly PrimaryKey[] {
  const isOfTexts = hasTextKeys(model)
  const given: readonly PrimaryKey[] = numbers?.data ?? texts?.data ?? []
  if (given.length === 0) throw invalidParameter('ids must not be empty')
  if (given.some((key) => (typeof key === 'string') !== isOfTexts))
    throw invalidParameter(`primary key is ${isOfTexts ? 'varchar' : 'int64'}, but IDs type mismatch`)
  if (new Set(given).size < given.length) throw invalidParameter('duplicate IDs found in search request')
  return given
}

/** Searched for by a row without a vector: nothing is found. */
const noVector: VectorInput = { indices: [], values: [] }

async function vectorsOfKeys(
  collection: Collection,
  model: CollectionModel,
  { vector }: SearchedField,
  keys: readonly PrimaryKey[],
  partitions: readonly string[] | undefined,
): Promise<readonly VectorInput[]> {
  const ids = keys.map((key) => pointIdOf(model, key))
  const points = await collection.get(
    ids.filter((id) => id !== undefined),
    { vectors: [vector], ...(partitions === undefined ? {} : { partitions }) },
  )
  const vectors = new Map(points.map((point) => [point.id, point.vectors?.[vector] ?? noVector]))
  const found = ids.map((id) => (id === undefined ? undefined : vectors.get(id)))
  const missing = keys.filter((_, at) => found[at] === undefined)
  if (missing.length > 0)
    throw invalidParameter(
      `some of the provided primary key IDs do not exist: missing IDs = [${missing.join(' ')}]`,
    )
  return found as readonly VectorInput[]
}
