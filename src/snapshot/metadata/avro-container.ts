// The frame of an Avro object container file, and how many bytes its records take. The library that decodes them believes
// counts that a file claims: a list of 2^60 members in a file of 1 KiB takes all memory. Here nothing is believed that
// the bytes cannot hold.

export interface AvroContainer {
  /** As the file has it: JSON. */
  readonly schema: unknown
  readonly blocks: readonly AvroBlock[]
}

export interface AvroBlock {
  readonly records: number
  readonly bytes: Buffer
}

const magic = Buffer.from('Obj\x01', 'latin1')
const syncBytes = 16
const depthMax = 64

/** @throws Error if it is no such file, or is compressed */
export function readContainer(file: Buffer): AvroContainer {
  if (!file.subarray(0, magic.length).equals(magic)) throw new Error('it does not begin as an Avro file')
  const reader = new AvroBytes(file, magic.length)
  const metadata = new Map<string, string>()
  reader.members(() => metadata.set(reader.text(), reader.text()))
  const codec = metadata.get('avro.codec') ?? 'null'
  if (codec !== 'null') throw new Error(`it is compressed by ${codec}`)
  const sync = reader.take(syncBytes)
  const blocks: AvroBlock[] = []
  while (!reader.isAtEnd) {
    const records = reader.count()
    blocks.push({ records, bytes: reader.take(reader.count()) })
    if (!reader.take(syncBytes).equals(sync)) throw new Error('a block does not end with the sync marker')
  }
  return { schema: JSON.parse(metadata.get('avro.schema') ?? '') as unknown, blocks }
}

/** Walks through the block's records without making them. @throws Error if they are not all there, or more is */
export function checkBlock(schema: unknown, { records, bytes }: AvroBlock): void {
  const reader = new AvroBytes(bytes)
  const walker = new Walker(reader, schema)
  if (records > bytes.length) throw new Error('a block has more records than bytes')
  for (let left = records; left > 0; left--) walker.walk(schema, 0)
  if (!reader.isAtEnd) throw new Error('a block is longer than its records')
}

class AvroBytes {
  readonly #bytes: Buffer
  #at: number
  /** Members of lists that may still come: some take no byte at all. */
  #membersLeft: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
    this.#membersLeft = bytes.length
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new Error('it is cut')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** A zigzag number of up to 64 bits. */
  long(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return (value >> 1n) ^ -(value & 1n)
    }
    throw new Error('a number is too long')
  }

  /** A number of bytes or members: no more than there are bytes left, as each member takes one at least. */
  count(): number {
    const value = this.long()
    if (value >= 0n && value <= BigInt(this.#bytes.length - this.#at)) return Number(value)
    throw new Error(`it has no ${value} more bytes`)
  }

  text(): string {
    return this.take(this.count()).toString('utf8')
  }

  /** Of a list or map, which come in runs; a run with a negative count states its length, too. */
  members(onMember: () => void): void {
    for (;;) {
      const stated = this.long()
      if (stated === 0n) return
      const isSized = stated < 0n
      const count = isSized ? -stated : stated
      if (isSized) this.count()
      if (count > BigInt(this.#membersLeft)) throw new Error(`it has no ${count} members`)
      this.#membersLeft -= Number(count)
      for (let left = Number(count); left > 0; left--) onMember()
    }
  }
}

type SchemaObject = Readonly<Record<string, unknown>>

const sizes: Readonly<Record<string, number>> = { null: 0, boolean: 1, float: 4, double: 8 }

/** Follows a schema through bytes. */
class Walker {
  readonly #reader: AvroBytes
  readonly #named = new Map<string, SchemaObject>()

  constructor(reader: AvroBytes, schema: unknown) {
    this.#reader = reader
    this.#collectNames(schema, 0)
  }

  #collectNames(schema: unknown, depth: number): void {
    if (depth > depthMax || typeof schema !== 'object' || schema === null) return
    const { name, type } = schema as SchemaObject
    const isNamed = type === 'record' || type === 'enum' || type === 'fixed'
    if (isNamed && typeof name === 'string') this.#named.set(lastPart(name), schema as SchemaObject)
    for (const part of Object.values(schema)) this.#collectNames(part, depth + 1)
  }

  walk(schema: unknown, depth: number): void {
    if (depth > depthMax) throw new Error('it nests too deep')
    if (typeof schema === 'string') this.#primitive(schema, depth)
    else if (Array.isArray(schema)) {
      const branch = this.#reader.long()
      if (branch < 0n || branch >= BigInt(schema.length)) throw new Error(`a union has no branch ${branch}`)
      this.walk(schema[Number(branch)], depth + 1)
    } else if (typeof schema === 'object' && schema !== null) this.#complex(schema as SchemaObject, depth)
    else throw new Error('its schema is malformed')
  }

  #primitive(name: string, depth: number): void {
    const size = sizes[name]
    const named = this.#named.get(lastPart(name))
    if (size !== undefined) this.#reader.take(size)
    else if (name === 'int' || name === 'long') this.#reader.long()
    else if (name === 'bytes' || name === 'string') this.#reader.take(this.#reader.count())
    else if (named !== undefined) this.#complex(named, depth + 1)
    else throw new Error(`its schema has the unknown type ${name}`)
  }

  #complex(schema: SchemaObject, depth: number): void {
    const { type, fields, items, values, size } = schema
    if (type === 'record' && Array.isArray(fields)) {
      for (const field of fields as readonly SchemaObject[]) this.walk(field['type'], depth + 1)
    } else if (type === 'array') this.#reader.members(() => this.walk(items, depth + 1))
    else if (type === 'map') {
      this.#reader.members(() => {
        this.#reader.take(this.#reader.count())
        this.walk(values, depth + 1)
      })
    } else if (type === 'enum') this.#reader.long()
    else if (type === 'fixed' && typeof size === 'number' && size >= 0) this.#reader.take(size)
    else this.walk(type, depth + 1)
  }
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
