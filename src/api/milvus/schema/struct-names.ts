import type { FieldDocument } from './document.ts'

type Named = Pick<FieldDocument, 'name'>

/** The name of a struct's field where all fields of a collection are named. */
export const fullName = (struct: string, field: string): string => `${struct}[${field}]`

/** The name that a struct's field has within it. */
export const ownNameOf = ({ name }: Named): string =>
  name.endsWith(']') ? name.slice(name.indexOf('[') + 1, -1) : name

/** The struct that a field belongs to, by its full name. */
export const structNameOf = ({ name }: Named): string => name.slice(0, name.indexOf('['))

export const isInStruct = ({ name }: Named): boolean => name.endsWith(']')
