import type { MilvusCalls } from './milvus-door.ts'

// Columns as clients send them, and answers as rows.

const scalarLists: Readonly<Record<number, string>> = {
  1: 'bool_data',
  2: 'int_data',
  3: 'int_data',
  4: 'int_data',
  5: 'long_data',
  10: 'float_data',
  11: 'double_data',
  21: 'string_data',
  23: 'json_data',
}

/** A column of scalars, null where a value is; JSON is given as values. */
export function column(name: string, type: number, values: readonly unknown[]): object {
  const present = values.filter((value) => value !== null)
  const data = type === 23 ? present.map((value) => Buffer.from(JSON.stringify(value))) : present
  const valid = present.length < values.length ? { valid_data: values.map((value) => value !== null) } : {}
  return { type, field_name: name, scalars: { [scalarLists[type]!]: { data } }, ...valid }
}

/** A column of dense vectors of floats. */
export function vectors(name: string, rows: readonly (readonly number[] | null)[]): object {
  const present = rows.filter((row) => row !== null)
  const valid = present.length < rows.length ? { valid_data: rows.map((row) => row !== null) } : {}
  const data = present.flat()
  return {
    type: 101,
    field_name: name,
    vectors: { dim: present[0]?.length ?? 0, float_vector: { data } },
    ...valid,
  }
}

/** The column of the dynamic keys. */
export const dynamicKeys = (rows: readonly object[]): object => ({
  ...column('$meta', 23, rows),
  is_dynamic: true,
})

interface Column {
  readonly field_name: string
  readonly is_dynamic: boolean
  readonly valid_data: readonly boolean[]
  readonly scalars: Readonly<Record<string, { readonly data: readonly unknown[] } | null>> | null
  readonly vectors: {
    readonly dim: bigint
    readonly float_vector: { readonly data: Float32Array } | null
  } | null
}

/** The rows of an answer's columns, scalars and vectors of floats. */
export function rowsOf(columns: readonly Column[]): Record<string, unknown>[] {
  const lists = columns.map((one) => [one, valuesOf(one)] as const)
  const count = lists[0]?.[1].length ?? 0
  return Array.from({ length: count }, (_, row) => {
    const members: Record<string, unknown> = {}
    for (const [{ field_name: name, is_dynamic: isDynamic }, values] of lists) {
      if (isDynamic) Object.assign(members, values[row])
      else members[name] = values[row]
    }
    return members
  })
}

function valuesOf({ scalars, vectors: found, valid_data: valid }: Column): unknown[] {
  if (found !== null && found.float_vector !== null) {
    const size = Number(found.dim)
    const rows = Array.from({ length: found.float_vector.data.length / size }, (_, row) => [
      ...found.float_vector!.data.slice(row * size, (row + 1) * size),
    ])
    // Null rows have no place among them.
    return valid.length === 0 ? rows : valid.map((isThere) => (isThere ? rows.shift() : null))
  }
  // Only the list that was set is an own member.
  const [list] = Object.values(scalars ?? {})
  const values = [...(list?.data ?? [])].map((value) =>
    value instanceof Uint8Array
      ? value.length === 0
        ? undefined
        : JSON.parse(Buffer.from(value).toString())
      : value,
  )
  return valid.length === 0 ? values : values.map((value, row) => (valid[row]! ? value : null))
}

/** The rows that a query finds. */
export async function query(milvus: MilvusCalls, request: object): Promise<Record<string, unknown>[]> {
  const answer = await milvus.must('Query', { collection_name: 'c', output_fields: ['*'], ...request })
  return rowsOf(answer.fields_data as readonly Column[])
}
