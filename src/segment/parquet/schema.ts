import type { ThriftWriter } from './thrift-writer.ts'

// The schema of a file is a tree, flattened: every column is an element, or a list of elements of three levels:
//   optional group <name> (LIST) { repeated group list { required <element> } }

export const physicalTypes = { bool: 0, int32: 1, int64: 2, float: 4, double: 5, bytes: 6 } as const
export type PhysicalType = keyof typeof physicalTypes

/** What the values mean, where the physical type does not say it. */
export type Meaning = 'utf8' | 'list' | 'uint32' | 'uint64' | 'timestamp'

const repetitions = { required: 0, optional: 1, repeated: 2 } as const

export interface SchemaElement {
  readonly name: string
  readonly repetition: keyof typeof repetitions
  /** Of a leaf; all others have one child. */
  readonly type?: PhysicalType
  readonly meaning?: Meaning
}

/** A column of the file, from its root to its one leaf. */
export type SchemaPath = readonly SchemaElement[]

export interface LeafType {
  readonly type: PhysicalType
  readonly meaning?: Meaning
}

export function flatColumn(name: string, repetition: 'required' | 'optional', leaf: LeafType): SchemaPath {
  return [{ name, repetition, ...leaf }]
}

/** `null`, or a list, whose elements are never null. */
export function listColumn(name: string, leaf: LeafType): SchemaPath {
  return [...listLevels(name, 'optional'), { name: 'element', repetition: 'required', ...leaf }]
}

/** `null`, or a list of lists. */
export function listsColumn(name: string, leaf: LeafType): SchemaPath {
  return [
    ...listLevels(name, 'optional'),
    ...listLevels('element', 'required'),
    { name: 'element', repetition: 'required', ...leaf },
  ]
}

function listLevels(name: string, repetition: 'required' | 'optional'): SchemaPath {
  return [
    { name, repetition, meaning: 'list' },
    { name: 'list', repetition: 'repeated' },
  ]
}

export function leafOf(path: SchemaPath): SchemaElement & { readonly type: PhysicalType } {
  const { type, ...leaf } = path.at(-1)!
  return { ...leaf, type: type! }
}

/** Other readers know the root by this name from other writers. */
const rootName = 'arrow_schema'

/** The list of elements that is `field` of the footer. */
export function writeSchema(out: ThriftWriter, field: number, columns: readonly SchemaPath[]): void {
  out.structs(field, [undefined, ...columns.flat()], (element) => {
    if (element === undefined) {
      out.binary(4, rootName)
      out.i32(5, columns.length)
    } else writeElement(out, element)
  })
}

/** Numbers of the older way to say it. */
const convertedTypes = { utf8: 0, list: 3, timestamp: 10, uint32: 13, uint64: 14 } as const

function writeElement(out: ThriftWriter, { name, repetition, type, meaning }: SchemaElement): void {
  if (type !== undefined) out.i32(1, physicalTypes[type])
  out.i32(3, repetitions[repetition])
  out.binary(4, name)
  if (type === undefined) out.i32(5, 1)
  if (meaning === undefined) return
  out.i32(6, convertedTypes[meaning])
  out.struct(10, () => writeLogicalType(out, meaning))
}

function writeLogicalType(out: ThriftWriter, meaning: Meaning): void {
  switch (meaning) {
    case 'utf8':
      return out.struct(1, () => undefined)
    case 'list':
      return out.struct(3, () => undefined)
    case 'timestamp':
      return out.struct(8, () => {
        // UTC, in microseconds.
        out.bool(1, true)
        out.struct(2, () => out.struct(2, () => undefined))
      })
    case 'uint32':
    case 'uint64':
      return out.struct(10, () => {
        out.i8(1, meaning === 'uint32' ? 32 : 64)
        out.bool(2, false)
      })
  }
}
