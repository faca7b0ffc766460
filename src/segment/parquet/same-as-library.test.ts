import {
  Bool,
  Field,
  Float32,
  Float64,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
  Uint32,
  Uint64,
  Utf8,
  vectorFromArray,
  type Data,
  DataType,
} from 'apache-arrow'
import { parquetMetadata, readOffsetIndex } from 'hyparquet'
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { decodeLevels } from '../../../test/support/parquet-levels.ts'
import { libraryParquet, readByLibrary } from '../../../test/support/parquet-library.ts'
import { modelOf } from '../../../test/support/row-sets.ts'
import { readRowsFile } from '../../../test/support/rows-file.ts'
import type { VectorValue } from '../../graph/vector-value.ts'
import { seqOf } from '../../ids/brands.ts'
import { wordsOfId } from '../../ids/point-id.ts'
import { seededRandom, type Random } from '../../runtime/random.ts'
import type { FieldStorage, FieldValue, TypedField } from '../field-values.ts'
import { RowSet } from '../row-set.ts'
import type { ParquetColumn } from './data-page.ts'
import { fieldChunk, typedPath } from './field-columns.ts'
import { ThriftReader } from './thrift.ts'
import { columnsFile, writeParquet } from './writer.ts'

// Goal: files of ours say what those of the library that wrote them before would say. Method: random rows become a file of ours, and
// by a way of their own an Arrow table; the library reads the one and writes the other.

type Cell = unknown

/** A column as it should be read: of each row a value or null. */
interface ExpectedColumn {
  readonly name: string
  readonly type: DataType
  readonly isNullable: boolean
  readonly cells: readonly Cell[]
}

interface Written {
  readonly file: Buffer
  readonly columns: readonly ExpectedColumn[]
}

const fields = {
  count: { type: 'integer' },
  when: { type: 'datetime' },
  ok: { type: 'bool' },
  share: { type: 'float' },
  'deep.tag': { type: 'keyword' },
} as const satisfies Record<string, TypedField>
const fieldNames = ['field_count', 'field_deep.tag', 'field_ok', 'field_share', 'field_when']
const measured = ['seq', ...fieldNames]

const dense = { '': 3, all: 64, image: 4, odd: 5, one: 1, wide: 128 } as const
/** Every row has these. */
const everywhere = ['all', 'odd']
const multi = { several: 5, pairs: 2 } as const

const floats = new List(new Field('element', new Float32(), false))
const lists = new List(new Field('element', floats, false))
const indices = new List(new Field('element', new Uint32(), false))

class Model {
  readonly #random: Random
  readonly #cells = new Map<string, Cell[]>()

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  write(rowCount: number): Written {
    const set = new RowSet({
      ...Object.fromEntries(Object.entries(dense).map(([name, dimensions]) => [name, { dimensions }])),
      ...Object.fromEntries(
        Object.entries(multi).map(([name, dimensions]) => [name, { kind: 'multi', dimensions } as const]),
      ),
      words: { kind: 'sparse', dimensions: 0 },
    })
    // Some stretches have no vectors at all, others have all of them: whole pages of either kind.
    let likely = 1
    for (let row = 0; row < rowCount; row++) {
      if (row % 700 === 0) likely = [1, 1, 0, 0.5, 0.98][this.#pick(5)]!
      this.#appendRow(set, row, likely)
    }
    const file = Buffer.concat([...writeParquet(set.image(), fields)])
    set.release()
    return { file, columns: this.#columns() }
  }

  #appendRow(set: RowSet, row: number, likely: number): void {
    const uuid = this.#random.next() < 0.3 ? this.#random.uuid() : undefined
    const number = [BigInt(row), 2n ** 64n - 1n - BigInt(row), BigInt(this.#pick(2 ** 50))][this.#pick(3)]!
    const written = row * 3 + [0, 2 ** 40][this.#pick(2)]!
    this.#add('id', uuid === undefined ? number : null)
    this.#add('id_uuid', uuid ?? null)
    this.#add('seq', BigInt(written))
    const payload = this.#payload()
    this.#add('payload', payload)
    set.append({
      id: wordsOfId(uuid ?? number),
      written: seqOf(written),
      payload: Buffer.from(payload === '{}' && this.#random.next() < 0.9 ? '' : payload),
      vectors: this.#vectors(likely),
    })
  }

  #vectors(likely: number): Record<string, VectorValue> {
    const vectors: Record<string, VectorValue> = {}
    for (const [name, dimensions] of Object.entries(dense)) {
      const isThere = everywhere.includes(name) || this.#random.next() < likely
      const values = isThere ? this.#floats(dimensions) : undefined
      this.#add(name === '' ? 'vector' : `vector_${name}`, values === undefined ? null : [...values])
      if (values !== undefined) vectors[name] = values
    }
    for (const [name, dimensions] of Object.entries(multi)) {
      const count = this.#random.next() < likely ? 1 + this.#pick(4) : 0
      const values = this.#floats(count * dimensions)
      const rows = Array.from({ length: count }, (_, at) => [
        ...values.subarray(at * dimensions, (at + 1) * dimensions),
      ])
      this.#add(`vector_${name}`, count === 0 ? null : rows)
      if (count > 0) vectors[name] = { dimensions, values }
    }
    const count = this.#random.next() < likely ? this.#pick(20) : -1
    const places = Uint32Array.from({ length: Math.max(count, 0) }, (_, at) => at * 7 + this.#pick(7))
    if (places.length > 2 && this.#random.next() < 0.1) places[places.length - 1] = 2 ** 32 - 1
    const values = this.#floats(places.length)
    this.#add('sparse_indices_words', count < 0 ? null : [...places])
    this.#add('sparse_values_words', count < 0 ? null : [...values])
    if (count >= 0) vectors['words'] = { indices: places, values }
    return vectors
  }

  /** The text of a payload; what its fields are is noted. */
  #payload(): string {
    const members: string[] = []
    const note = (column: string, value: Cell, text: (() => string) | undefined): void => {
      this.#add(column, value)
      if (text !== undefined) members.push(text())
    }
    const none = (): boolean => this.#random.next() < 0.3
    const integer = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), BigInt(this.#pick(2 ** 53))][this.#pick(5)]!
    if (none()) note('field_count', null, undefined)
    else note('field_count', integer, () => `"count":${integer}`)
    const tag = this.#text()
    if (none()) note('field_deep.tag', null, () => '"deep":{"tag":7}')
    else note('field_deep.tag', tag, () => `"deep":{"tag":${JSON.stringify(tag)}}`)
    const ok = this.#random.next() < 0.5
    if (none()) note('field_ok', null, () => '"ok":null')
    else note('field_ok', ok, () => `"ok":${ok}`)
    const share = [0.5, -0, 0, -1.5e300, 5e-324, this.#random.next()][this.#pick(6)]!
    if (none()) note('field_share', null, undefined)
    else note('field_share', share, () => `"share":${Object.is(share, -0) ? '-0.0' : share}`)
    const millis = this.#pick(4e12) - 1e12
    const time = `${new Date(millis).toISOString().slice(0, -1)}${String(millis % 7 === 0 ? 0 : 123)}Z`
    const micros = BigInt(millis) * 1000n + (millis % 7 === 0 ? 0n : 123n)
    if (none()) note('field_when', null, undefined)
    else note('field_when', micros, () => `"when":"${time}"`)
    if (this.#random.next() < 0.05) members.push(`"text":"${'long '.repeat(this.#pick(20_000))}"`)
    return `{${members.join(',')}}`
  }

  #text(): string {
    const characters = ['a', 'é', '日', '😀', '\u007f', '\ud7ff', '\uffff', '\u{10ffff}', '\0', ' ']
    const length = [0, 3, 15, 16, 17, 22, 40, 64, 65, 200][this.#pick(10)]!
    const common = this.#random.next() < 0.3 ? '\u{10ffff}'.repeat(this.#pick(20)) : ''
    return common + Array.from({ length }, () => characters[this.#pick(characters.length)]).join('')
  }

  #floats(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => this.#random.next() * 2 - 1)
  }

  #pick(n: number): number {
    return Math.floor(this.#random.next() * n)
  }

  #add(column: string, cell: Cell): void {
    const cells = this.#cells.get(column)
    if (cells === undefined) this.#cells.set(column, [cell])
    else cells.push(cell)
  }

  /** In the order in which they stand in the file. */
  #columns(): ExpectedColumn[] {
    const column = (name: string, type: DataType, isNullable = true): ExpectedColumn => ({
      name,
      type,
      isNullable,
      cells: this.#cells.get(name) ?? [],
    })
    return [
      column('id', new Uint64()),
      column('id_uuid', new Utf8()),
      column('seq', new Int64(), false),
      column('payload', new Utf8(), false),
      column('vector', floats),
      column('vector_all', floats),
      column('vector_image', floats),
      column('vector_odd', floats),
      column('vector_one', floats),
      column('vector_pairs', lists),
      column('vector_several', lists),
      column('vector_wide', floats),
      column('sparse_indices_words', indices),
      column('sparse_values_words', floats),
      column('field_count', new Int64()),
      column('field_deep.tag', new Utf8()),
      column('field_ok', new Bool()),
      column('field_share', new Float64()),
      column('field_when', new TimestampMicrosecond('UTC')),
    ]
  }
}

/** The expected columns as a table of the rows `start` to `end`. */
function tableOf(columns: readonly ExpectedColumn[], start: number, end: number): Table {
  const schema = new Schema(columns.map(({ name, type, isNullable }) => new Field(name, type, isNullable)))
  const children = columns.map(({ type, cells }) => dataOf(type, cells.slice(start, end)))
  const data = makeData({ type: new Struct(schema.fields), length: end - start, nullCount: 0, children })
  return new Table([new RecordBatch(schema, data)])
}

function dataOf(type: DataType, cells: readonly Cell[]): Data {
  const nullCount = cells.filter((cell) => cell === null).length
  const nullBitmap = new Uint8Array((cells.length + 7) >>> 3)
  cells.forEach((cell, row) => (nullBitmap[row >>> 3]! |= cell === null ? 0 : 1 << (row & 7)))
  const nulls = { length: cells.length, nullCount, ...(nullCount === 0 ? {} : { nullBitmap }) }
  if (type instanceof List) {
    const valueOffsets = new Int32Array(cells.length + 1)
    cells.forEach(
      (cell, row) => (valueOffsets[row + 1] = valueOffsets[row]! + ((cell as Cell[] | null)?.length ?? 0)),
    )
    const child = dataOf(
      type.valueType as DataType,
      (cells as (Cell[] | null)[]).flatMap((cell) => cell ?? []),
    )
    return makeData({ type, ...nulls, valueOffsets, child })
  }
  if (type instanceof TimestampMicrosecond) {
    return makeData({ type, ...nulls, data: BigInt64Array.from(cells, (cell) => (cell ?? 0n) as bigint) })
  }
  if (type instanceof Float32) return makeData({ type, ...nulls, data: Float32Array.from(cells as number[]) })
  if (type instanceof Uint32) return makeData({ type, ...nulls, data: Uint32Array.from(cells as number[]) })
  return vectorFromArray(cells as unknown[], type).data[0]!
}

/** What the library reads of a column, comparable with what is expected. */
function cellsOf(table: Table, name: string): Cell[] {
  const column = table.getChild(name)!
  // As numbers they would be rounded to milliseconds.
  const raw = DataType.isTimestamp(column.type)
    ? column.data.flatMap(({ values }) => Array.from(values as BigInt64Array))
    : undefined
  return Array.from({ length: column.length }, (_, row) => {
    if (!column.isValid(row)) return null
    return plain(raw === undefined ? column.get(row) : raw[row])
  })
}

const typeName = (type: DataType): string => (type as { toString(): string }).toString()

function plain(value: unknown): Cell {
  if (typeof value !== 'object' || value === null) return value
  return Array.from(value as Iterable<unknown>, plain)
}

/** The first row that is another one; toEqual takes minutes to say of 20,000 that they are equal. */
function firstDifference(found: readonly Cell[], expected: readonly Cell[]): object | undefined {
  if (found.length !== expected.length) return { found: found.length, expected: expected.length }
  const row = found.findIndex((cell, at) => !isSame(cell, expected[at]))
  return row < 0 ? undefined : { row, found: found[row], expected: expected[row] }
}

function isSame(a: Cell, b: Cell): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b)
  return a.length === b.length && a.every((cell, at) => isSame(cell, b[at]))
}

const bounds = {
  stringFromBytes: (bytes: Uint8Array) => Buffer.from(bytes).toString('hex'),
  timestampFromMicroseconds: (micros: bigint) => micros,
}

/** A page that begins at `at`: its length with the header, how many values it has, and of how many rows. */
function pageOf(
  file: Buffer,
  at: number,
  path: readonly string[],
): { bytes: number; values: number; rows: number } {
  const reader = new ThriftReader(file, at)
  let bytes = 0
  let values = 0
  reader.struct((field) => {
    if (field === 5) reader.struct((inner) => inner === 1 && ((values = reader.int()), true))
    else if (field === 3) bytes = reader.int()
    else return false
    return true
  })
  const body = file.subarray(reader.offset, reader.offset + bytes)
  const whole = bytes + reader.offset - at
  if (path.length === 1) {
    const isNullable = path[0] !== 'seq' && path[0] !== 'payload'
    if (isNullable) decodeLevels(body.subarray(0, 4 + body.readUInt32LE()), 1, values)
    return { bytes: whole, values, rows: values }
  }
  const depth = (path.length - 1) / 2
  const definitionAt = 4 + body.readUInt32LE()
  const repetition = decodeLevels(body.subarray(0, definitionAt), depth, values)
  const definition = body.subarray(definitionAt, definitionAt + 4 + body.readUInt32LE(definitionAt))
  const present = decodeLevels(definition, depth + 1, values).filter((level) => level === depth + 1)
  expect(body.length).toBe(definitionAt + definition.length + present.length * 4)
  return { bytes: whole, values, rows: repetition.filter((level) => level === 0).length }
}

const metadataOf = (file: Uint8Array) =>
  parquetMetadata(
    file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer,
    // Bounds as they are: a date would hide microseconds, a text bytes that are none.
    { parsers: { ...DEFAULT_PARSERS, ...bounds } },
  )

describe.each([1_201, 1_202])('random rows (seed %i)', (seed) => {
  let written: Written
  beforeAll(() => {
    written = new Model(seed).write(7_000)
  })

  test('are several row groups and pages, or what follows would show little', () => {
    const groups = metadataOf(written.file).row_groups
    expect(groups.length).toBeGreaterThan(1)
    const pages = groups[0]!.columns.map(({ meta_data }) => meta_data!.encoding_stats![0]!.count)
    expect(pages.filter((count) => count > 1).length).toBeGreaterThan(1)
  })

  test('are read by the library value by value', () => {
    const table = readByLibrary(written.file)
    expect(table.schema.fields.map(({ name }) => name)).toEqual(written.columns.map(({ name }) => name))
    for (const { name, type, isNullable, cells } of written.columns) {
      const field = table.schema.fields.find((found) => found.name === name)!
      expect([name, typeName(field.type as DataType), field.nullable]).toEqual([
        name,
        typeName(type),
        isNullable,
      ])
      expect([name, firstDifference(cellsOf(table, name), cells)], `seed ${seed}`).toEqual([name, undefined])
    }
  })

  test('have the schema and the statistics that the library gives to each of the row groups', () => {
    const own = metadataOf(written.file)
    let start = 0
    for (const group of own.row_groups) {
      const end = start + Number(group.num_rows)
      const library = metadataOf(libraryParquet(tableOf(written.columns, start, end), measured))
      expect(own.schema).toEqual(library.schema)
      expect([own.version, own.created_by]).toEqual([library.version, library.created_by])
      expect(own.key_value_metadata).toEqual(
        library.key_value_metadata!.filter(({ key }) => key !== 'ARROW:schema'),
      )
      expect(library.row_groups.length).toBe(1)
      const facts = (columns: typeof group.columns) =>
        columns.map(({ meta_data }) => ({
          ...meta_data,
          data_page_offset: undefined,
          total_compressed_size: undefined,
          total_uncompressed_size: undefined,
          encoding_stats: undefined,
        }))
      expect(facts(group.columns), `seed ${seed}`).toEqual(facts(library.row_groups[0]!.columns))
      start = end
    }
    expect(start).toBe(7_000)
    const statistics = own.row_groups[0]!.columns.filter(
      ({ meta_data }) => meta_data?.statistics !== undefined,
    )
    expect(statistics.map(({ meta_data }) => meta_data!.path_in_schema[0])).toEqual(measured)
  })

  test('have pages where the offset index says, with as many levels as these have rows and values', () => {
    const { file } = written
    const groups = metadataOf(file).row_groups
    expect(groups.map(({ ordinal }) => ordinal)).toEqual(groups.map((_, index) => index))
    for (const group of groups) {
      for (const {
        offset_index_offset: indexAt,
        offset_index_length: indexBytes,
        meta_data: chunk,
      } of group.columns) {
        const index = file.subarray(Number(indexAt), Number(indexAt) + indexBytes!)
        const view = new DataView(index.buffer, index.byteOffset, index.byteLength)
        const { page_locations: places } = readOffsetIndex({ view, offset: 0 })
        let at = Number(chunk!.data_page_offset)
        let row = 0
        let values = 0
        for (const place of places) {
          expect([Number(place.offset), Number(place.first_row_index)]).toEqual([at, row])
          const page = pageOf(file, at, chunk!.path_in_schema)
          expect(place.compressed_page_size).toBe(page.bytes)
          at += page.bytes
          row += page.rows
          values += page.values
        }
        expect([row, values]).toEqual([Number(group.num_rows), Number(chunk!.num_values)])
        expect(at).toBe(Number(chunk!.data_page_offset) + Number(chunk!.total_compressed_size))
      }
    }
  })

  test('are read by our own reader', async () => {
    const cells = (name: string): readonly Cell[] =>
      written.columns.find((column) => column.name === name)!.cells
    const seqs = (cells('seq') as bigint[]).map(Number)
    const stated = { rowCount: seqs.length, minSeq: Math.min(...seqs), maxSeq: Math.max(...seqs) }
    const rows = await readRowsFile(written.file, stated)
    const found = modelOf(rows)
    rows.release()
    const ids = cells('id').map((number, row) => (number === null ? cells('id_uuid')[row] : number))
    expect(
      firstDifference(
        found.map(({ id }) => (typeof id === 'number' ? BigInt(id) : id)),
        ids,
      ),
    ).toBeUndefined()
    expect(
      firstDifference(
        found.map(({ written: seq }) => seq),
        seqs,
      ),
    ).toBeUndefined()
    expect(
      firstDifference(
        found.map(({ payload }) => payload),
        cells('payload'),
      ),
    ).toBeUndefined()
  })

  test('give the same bytes again', () => {
    expect(new Model(seed).write(7_000).file.equals(written.file)).toBe(true)
  })
})

test('no rows are a file with a schema', () => {
  const { file, columns } = new Model(1).write(0)
  const library = metadataOf(libraryParquet(tableOf(columns, 0, 0), measured))
  const own = metadataOf(file)
  expect([own.schema, own.row_groups, own.num_rows]).toEqual([library.schema, [], 0n])
  expect(readByLibrary(file).numRows).toBe(0)
})

describe('statistics are those of the library for', () => {
  const texts = (...values: (string | null)[]): readonly [FieldStorage, readonly Cell[]] => ['text', values]
  const doubles = (...values: (number | null)[]): readonly [FieldStorage, readonly Cell[]] => [
    'double',
    values,
  ]
  const types = { text: new Utf8(), double: new Float64(), int64: new Int64(), bool: new Bool() } as const

  test.each<[string, readonly [FieldStorage, readonly Cell[]]]>([
    ['NaN among others', doubles(NaN, 1, null, NaN, -2)],
    ['NaN alone', doubles(NaN, null)],
    ['zeros', doubles(0, -0)],
    ['a positive zero', doubles(0, 0)],
    ['a negative zero', doubles(-0)],
    ['a zero as the lower bound', doubles(0, 3)],
    ['a zero as the upper bound', doubles(-3, -0)],
    ['infinities', doubles(Infinity, -Infinity, 1)],
    ['nulls alone', doubles(null, null)],
    ['texts that are null', texts(null)],
    ['an empty text', texts('', null)],
    ['64 bytes', texts('a'.repeat(64))],
    ['65 bytes', texts('a'.repeat(65))],
    ['characters that are cut', texts(`${'é'.repeat(40)}`, `a${'é'.repeat(40)}`, `${'日'.repeat(22)}`)],
    ['four bytes that are cut', texts(`abc${'😀'.repeat(20)}`, `a${'😀'.repeat(20)}`)],
    ['characters that have no next one as short', texts('\u007f'.repeat(70), `b${'\u007f'.repeat(70)}`)],
    ['a character before the surrogates', texts(`z${'\ud7ff'.repeat(30)}`)],
    ['a character whose next one is longer', texts(`z${'\uffff'.repeat(30)}`)],
    ['the last character alone', texts('\u{10ffff}'.repeat(20))],
    ['the order of bytes, which is not that of UTF-16', texts('\uffff', '😀', 'z')],
    ['one truth', ['bool', [true, true, null]]],
    ['both truths', ['bool', [false, true]]],
    ['no truth', ['bool', [null]]],
    ['the ends of int64', ['int64', [2n ** 63n - 1n, -(2n ** 63n), 0n, null]]],
  ])('%s', (_, [storage, cells]) => {
    const type = types[storage as keyof typeof types]
    const library = libraryParquet(tableOf([{ name: 'c', type, isNullable: true, cells }], 0, cells.length), [
      'c',
    ])
    const column: ParquetColumn = {
      path: typedPath('c', storage),
      chunk: () => fieldChunk(cells as readonly (FieldValue | null)[], storage),
    }
    const own = Buffer.concat([...columnsFile([column], [{ start: 0, end: cells.length }])])
    const [ownChunk] = metadataOf(own).row_groups[0]!.columns
    const [libraryChunk] = metadataOf(library).row_groups[0]!.columns
    expect(ownChunk!.meta_data!.statistics).toEqual(libraryChunk!.meta_data!.statistics)
    expect(ownChunk!.meta_data!.size_statistics).toEqual(libraryChunk!.meta_data!.size_statistics)
    expect(libraryChunk!.meta_data!.statistics).toBeDefined()
    expect(firstDifference(cellsOf(readByLibrary(own), 'c'), cells)).toBeUndefined()
  })
})
