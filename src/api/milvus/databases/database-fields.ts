import { databaseDocument, type MilvusDoor } from '../door.ts'
import { hybridOf } from '../hybrid-clock.ts'

export interface DatabaseFields {
  /** Hybrid timestamp. */
  readonly createdAt: string
  readonly properties: Readonly<Record<string, string>>
}

/** `default` has a document only once it has properties. */
const defaultFields: DatabaseFields = { createdAt: String(hybridOf(0) + 1n), properties: {} }

export function databaseFields({ database }: MilvusDoor, name: string): DatabaseFields {
  const found = database.documents.get(databaseDocument(name))
  return { ...defaultFields, ...(found as unknown as Partial<DatabaseFields> | undefined) }
}

export const databaseProperties = (door: MilvusDoor, name: string): DatabaseFields['properties'] =>
  databaseFields(door, name).properties
