import { thriftTypes } from './thrift.ts'

/** Writes Thrift's compact protocol, as far as Parquet's footer and page headers need it. Fields are written in the order of their numbers. */
export class ThriftWriter {
  #bytes = Buffer.alloc(512)
  #length = 0
  #lastField = 0

  /** The bytes of one struct, in memory of their own. */
  static struct(write: (out: ThriftWriter) => void): Uint8Array<ArrayBuffer> {
    const out = new ThriftWriter()
    write(out)
    out.#byte(0)
    return new Uint8Array(out.#bytes.subarray(0, out.#length))
  }

  bool(field: number, value: boolean): void {
    this.#field(field, value ? thriftTypes.true : thriftTypes.false)
  }

  i8(field: number, value: number): void {
    this.#field(field, thriftTypes.i8)
    this.#byte(value)
  }

  i16(field: number, value: number): void {
    this.#field(field, thriftTypes.i16)
    this.#int(value)
  }

  i32(field: number, value: number): void {
    this.#field(field, thriftTypes.i32)
    this.#int(value)
  }

  /** A safe integer. */
  i64(field: number, value: number): void {
    this.#field(field, thriftTypes.i64)
    this.#int(value)
  }

  binary(field: number, value: string | Uint8Array): void {
    this.#field(field, thriftTypes.binary)
    this.#binary(value)
  }

  struct(field: number, write: (out: this) => void): void {
    this.#field(field, thriftTypes.struct)
    this.#struct(() => write(this))
  }

  ints(field: number, type: 'i32' | 'i64', values: readonly number[]): void {
    this.#list(field, thriftTypes[type], values.length)
    for (const value of values) this.#int(value)
  }

  texts(field: number, values: readonly string[]): void {
    this.#list(field, thriftTypes.binary, values.length)
    for (const value of values) this.#binary(value)
  }

  structs<T>(field: number, items: readonly T[], write: (item: T, index: number) => void): void {
    this.#list(field, thriftTypes.struct, items.length)
    items.forEach((item, index) => this.#struct(() => write(item, index)))
  }

  #struct(write: () => void): void {
    const outer = this.#lastField
    this.#lastField = 0
    write()
    this.#byte(0)
    this.#lastField = outer
  }

  #field(field: number, type: number): void {
    const step = field - this.#lastField
    if (step > 0 && step <= 15) this.#byte((step << 4) | type)
    else {
      this.#byte(type)
      this.#int(field)
    }
    this.#lastField = field
  }

  #list(field: number, type: number, count: number): void {
    this.#field(field, thriftTypes.list)
    if (count < 15) this.#byte((count << 4) | type)
    else {
      this.#byte(0xf0 | type)
      this.#varint(count)
    }
  }

  #binary(value: string | Uint8Array): void {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    this.#varint(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #int(value: number): void {
    this.#varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.#byte((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    this.#byte(rest)
  }

  #byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const grown = Buffer.alloc(Math.max(this.#length + bytes, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}
