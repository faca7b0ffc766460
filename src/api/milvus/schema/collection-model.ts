import type { Collection, CollectionReader } from '../../../index.ts'
import { documentOf, primaryKeyOf, type FieldDocument, type MilvusDocument } from './document.ts'
import { foreignDocument, unnamedVector } from './foreign.ts'
import { isVectorType } from './data-types.ts'

/** A collection as Milvus' users see it. */
export interface CollectionModel {
  readonly document: MilvusDocument
  /** True if it was made elsewhere: its points have ids of their own, and its schema is made up. */
  readonly isForeign: boolean
  readonly primaryKey: FieldDocument
  readonly fields: ReadonlyMap<string, FieldDocument>
}

export function modelOf(reader: Pick<CollectionReader | Collection, 'config'>): CollectionModel {
  const own = documentOf(reader)
  const document = own ?? foreignDocument(reader)
  return {
    document,
    isForeign: own === undefined,
    primaryKey: primaryKeyOf(document),
    fields: new Map(document.fields.map((field) => [field.name, field])),
  }
}

/** The engine's name of a vector field. */
export function vectorNameOf(reader: Pick<CollectionReader, 'config'>, field: string): string {
  const { vectors } = reader.config()
  return field === unnamedVector && vectors[field] === undefined ? '' : field
}

export const vectorFieldsOf = ({ document }: CollectionModel): readonly FieldDocument[] =>
  document.fields.filter(({ type }) => isVectorType(type))
