import type { Collection, CollectionReader } from '../../../index.ts'
import {
  documentOf,
  primaryKeyOf,
  type FieldDocument,
  type MilvusDocument,
  type StructDocument,
} from './document.ts'
import { foreignDocument, unnamedVector } from './foreign.ts'
import { holdsVectors } from './data-types.ts'

/** A collection as Milvus' users see it. */
export interface CollectionModel {
  readonly document: MilvusDocument
  /** True if it was made elsewhere: its points have ids of their own, and its schema is made up. */
  readonly isForeign: boolean
  readonly primaryKey: FieldDocument
  readonly fields: ReadonlyMap<string, FieldDocument>
  readonly structs: ReadonlyMap<string, StructDocument>
  /** The fields of structs, by their full names. */
  readonly subFields: ReadonlyMap<string, FieldDocument>
}

export function modelOf(reader: Pick<CollectionReader | Collection, 'config'>): CollectionModel {
  const own = documentOf(reader)
  const document = own ?? foreignDocument(reader)
  return {
    document,
    isForeign: own === undefined,
    primaryKey: primaryKeyOf(document),
    fields: byName(document.fields),
    structs: byName(document.structs ?? []),
    subFields: byName(subFieldsOf(document)),
  }
}

const byName = <T extends { readonly name: string }>(all: readonly T[]): ReadonlyMap<string, T> =>
  new Map(all.map((one) => [one.name, one]))

export const subFieldsOf = ({ structs = [] }: MilvusDocument): readonly FieldDocument[] =>
  structs.flatMap(({ fields }) => fields)

/** A field, or one of a struct by its full name. */
export const findField = ({ fields, subFields }: CollectionModel, name: string): FieldDocument | undefined =>
  fields.get(name) ?? subFields.get(name)

/** The engine's name of a vector field. */
export function vectorNameOf(reader: Pick<CollectionReader, 'config'>, field: string): string {
  const { vectors } = reader.config()
  return field === unnamedVector && vectors[field] === undefined ? '' : field
}

export const vectorFieldsOf = ({ document }: CollectionModel): readonly FieldDocument[] =>
  [...document.fields, ...subFieldsOf(document)].filter(({ type }) => holdsVectors(type))
