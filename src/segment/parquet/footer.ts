import { formatKey, rowsFormatVersion } from './columns.ts'
import { thriftTypes, ThriftReader } from './thrift.ts'

// The end of a Parquet file: the metadata (Thrift), its length (u32), `PAR1`.

export const magicText = 'PAR1'
export const tailBytes = 8

export const physicalInt64 = 2
export const physicalByteArray = 6

/** One column within one row group. */
export interface ColumnChunk {
  readonly offset: number
  readonly bytes: number
}

export interface RowGroup {
  readonly rowCount: number
  /** By name. Columns of more than one level (lists) are left out. */
  readonly columns: ReadonlyMap<string, ColumnChunk>
}

export interface RowsLayout {
  readonly rowCount: number
  readonly groups: readonly RowGroup[]
}

export interface WantedColumn {
  readonly name: string
  readonly physicalType: number
}

/** Length of the metadata, from the last 8 bytes of the file. @throws Error */
export function footerLength(tail: Buffer): number {
  if (tail.toString('latin1', tail.length - 4) !== magicText)
    throw new Error('it does not end as a Parquet file')
  return tail.readUInt32LE(tail.length - tailBytes)
}

/**
 * Where the wanted columns lie, from the metadata. `end` is the offset in the file at which the metadata begins.
 * @throws Error for anything that our writer does not write, UnknownVersion for a later format
 */
export function parseFooter(bytes: Buffer, end: number, wanted: readonly WantedColumn[]): RowsLayout {
  const parser = new FooterParser(bytes, end, wanted)
  return parser.parse()
}

export class UnknownVersion extends Error {
  readonly version: number

  constructor(version: number) {
    super(`its format version is ${version}, this release reads up to ${rowsFormatVersion}`)
    this.version = version
  }
}

interface RawColumn {
  type: number
  codec: number
  values: number
  bytes: number
  offset: number
  path: string[]
  hasDictionary: boolean
}

class FooterParser {
  readonly #reader: ThriftReader
  readonly #end: number
  readonly #wanted: ReadonlyMap<string, number>

  constructor(bytes: Buffer, end: number, wanted: readonly WantedColumn[]) {
    this.#reader = new ThriftReader(bytes)
    this.#end = end
    this.#wanted = new Map(wanted.map(({ name, physicalType }) => [name, physicalType]))
  }

  parse(): RowsLayout {
    let rowCount = -1
    let version = 0
    const groups: RowGroup[] = []
    this.#reader.struct((field, type) => {
      if (field === 3 && type === thriftTypes.i64) rowCount = this.#reader.int()
      else if (field === 4 && type === thriftTypes.list) {
        this.#reader.list(thriftTypes.struct, () => groups.push(this.#rowGroup()))
      } else if (field === 5 && type === thriftTypes.list) {
        this.#reader.list(thriftTypes.struct, () => (version = this.#formatVersion() ?? version))
      } else return false
      return true
    })
    if (version > rowsFormatVersion) throw new UnknownVersion(version)
    if (version !== rowsFormatVersion) throw new Error('it does not state its format version')
    const sum = groups.reduce((total, group) => total + group.rowCount, 0)
    if (sum !== rowCount) throw new Error(`its row groups have ${sum} rows, it says ${rowCount}`)
    return { rowCount, groups }
  }

  #formatVersion(): number | undefined {
    let key = ''
    let value = ''
    this.#reader.struct((field, type) => {
      if (type !== thriftTypes.binary || field > 2) return false
      if (field === 1) key = this.#reader.text()
      else value = this.#reader.text()
      return true
    })
    return key === formatKey && /^\d{1,9}$/.test(value) ? Number(value) : undefined
  }

  #rowGroup(): RowGroup {
    let rowCount = -1
    const raw: RawColumn[] = []
    this.#reader.struct((field, type) => {
      if (field === 1 && type === thriftTypes.list) {
        this.#reader.list(thriftTypes.struct, () => raw.push(this.#columnChunk()))
      } else if (field === 3 && type === thriftTypes.i64) rowCount = this.#reader.int()
      else return false
      return true
    })
    if (rowCount < 0) throw new Error('a row group does not say how many rows it has')
    return { rowCount, columns: this.#checkColumns(raw, rowCount) }
  }

  #columnChunk(): RawColumn {
    const column: RawColumn = {
      type: -1,
      codec: -1,
      values: -1,
      bytes: -1,
      offset: -1,
      path: [],
      hasDictionary: false,
    }
    this.#reader.struct((field, type) => {
      if (field === 1) throw new Error('a column lies in another file')
      if (field !== 3 || type !== thriftTypes.struct) return false
      this.#columnMetadata(column)
      return true
    })
    return column
  }

  #columnMetadata(column: RawColumn): void {
    const reader = this.#reader
    reader.struct((field, type) => {
      if (field === 3 && type === thriftTypes.list) {
        reader.list(thriftTypes.binary, () => column.path.push(reader.text()))
        return true
      }
      if (field === 11) column.hasDictionary = true
      if (type !== thriftTypes.i32 && type !== thriftTypes.i64) return false
      if (field === 1) column.type = reader.int()
      else if (field === 4) column.codec = reader.int()
      else if (field === 5) column.values = reader.int()
      else if (field === 7) column.bytes = reader.int()
      else if (field === 9) column.offset = reader.int()
      else return false
      return true
    })
  }

  #checkColumns(raw: readonly RawColumn[], rowCount: number): ReadonlyMap<string, ColumnChunk> {
    const columns = new Map<string, ColumnChunk>()
    for (const { path, type, codec, values, bytes, offset, hasDictionary } of raw) {
      const name = path[0] ?? ''
      const physicalType = this.#wanted.get(name)
      if (path.length !== 1 || physicalType === undefined) continue
      const isInside = offset >= magicText.length && bytes >= 0 && offset + bytes <= this.#end
      if (!isInside) throw new Error(`column ${name} lies outside the data`)
      if (type !== physicalType || codec !== 0 || values !== rowCount || hasDictionary || columns.has(name)) {
        throw new Error(`column ${name} is not stored as it should be`)
      }
      columns.set(name, { offset, bytes })
    }
    for (const name of this.#wanted.keys())
      if (!columns.has(name)) throw new Error(`column ${name} is missing`)
    return columns
  }
}
