import { tokenize, type Collection, type VectorInput } from '../../../../index.ts'
import { pointIdOf, type PrimaryKey } from '../../rows/keys.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { invalidParameter, type MilvusError } from '../../status.ts'
import { analyzerOf } from '../../text/analyzer.ts'
import { queryVector } from '../../text/terms.ts'
import type { IdsMessage, SearchRequest } from '../request/messages.ts'
import { soughtOf, type Sought } from '../request/placeholders.ts'
import type { SearchedField } from '../request/searched-field.ts'

/** The vectors that a request searches for, one for each of its queries. @throws 1100 */
export async function queryVectors(
  collection: Collection,
  model: CollectionModel,
  searched: SearchedField,
  request: Pick<SearchRequest, 'placeholder_group' | 'ids'>,
): Promise<readonly VectorInput[]> {
  const { placeholder_group: group, ids } = request
  if (ids !== undefined && ids !== null) {
    if (searched.field.type === dataTypes.ArrayOfVector)
      throw invalidParameter(
        `search by primary key is not supported for embedding list field ${searched.field.name}`,
      )
    if (searched.text !== undefined) throw textWanted(searched)
    return await vectorsOfKeys(collection, model, searched, keysOf(ids))
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

function keysOf({ int_id: numbers, str_id: texts }: IdsMessage): readonly PrimaryKey[] {
  const keys: readonly PrimaryKey[] = numbers?.data ?? texts?.data ?? []
  if (keys.length === 0) throw invalidParameter('ids must not be empty')
  return keys
}

async function vectorsOfKeys(
  collection: Collection,
  model: CollectionModel,
  { vector }: SearchedField,
  keys: readonly PrimaryKey[],
): Promise<readonly VectorInput[]> {
  const ids = keys.map((key) => pointIdOf(model, key))
  const points = await collection.get(
    ids.filter((id) => id !== undefined),
    { vectors: [vector] },
  )
  const vectors = new Map(points.map((point) => [point.id, point.vectors?.[vector]]))
  return ids.map((id, at) => {
    const found = id === undefined ? undefined : vectors.get(id)
    if (found !== undefined) return found
    throw invalidParameter(
      `there is no vector to search for: no row with the key ${String(keys[at])} has one`,
    )
  })
}
