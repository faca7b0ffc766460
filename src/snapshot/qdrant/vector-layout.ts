import type { JsonField } from '../json-field.ts'

const distances = ['Cosine', 'Euclid', 'Dot', 'Manhattan'] as const
const datatypes = ['float32', 'float16', 'uint8', 'turbo4'] as const
const sizeMax = 65_536

/** What config.json and segment.json say of a vector alike. */
export interface VectorLayout {
  readonly kind: 'dense' | 'multi' | 'sparse'
  /** Components; 0 for sparse ones. */
  readonly size: number
  readonly distance: (typeof distances)[number] | 'sparse'
  /** Of the stored components; sparse ones are float32, whatever their index has. */
  readonly datatype: (typeof datatypes)[number]
}

export const sparseLayout: VectorLayout = { kind: 'sparse', size: 0, distance: 'sparse', datatype: 'float32' }

/** `{size, distance, multivector_config?, datatype?}`. @throws archive-invalid */
export function readDenseLayout(field: JsonField): VectorLayout {
  const datatype = field.member('datatype')
  return {
    kind: isNone(field.member('multivector_config')) ? 'dense' : 'multi',
    size: field.member('size').count(1, sizeMax),
    distance: field.member('distance').oneOf(distances),
    datatype: isNone(datatype) ? 'float32' : datatype.oneOf(datatypes),
  }
}

export function isNone(field: JsonField): boolean {
  return field.isAbsent || field.isNull
}

/** For messages. */
export function layoutText({ kind, size, distance, datatype }: VectorLayout): string {
  return kind === 'sparse' ? 'sparse' : `${kind}, ${size} dimensions, ${distance}, ${datatype}`
}

/** For messages: the unnamed vector is the empty name. */
export function vectorText(name: string): string {
  return name === '' ? 'the unnamed vector' : `vector ${JSON.stringify(name)}`
}
