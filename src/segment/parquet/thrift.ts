// Reads Thrift's compact protocol, as far as Parquet's footer and page headers need it. The bytes may come from outside:
// every read is checked against the end, nothing is allocated by a length that the bytes claim, and depth is limited.

export const thriftTypes = {
  true: 1,
  false: 2,
  i8: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  binary: 8,
  list: 9,
  struct: 12,
} as const

const depthMax = 16

export class ThriftReader {
  readonly #bytes: Buffer
  #at: number
  #depth = 0

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Where the next byte is read. */
  get offset(): number {
    return this.#at
  }

  /**
   * Calls `onField` with the number and type of each field; it must read the value, or return false to have it skipped.
   * @throws Error if the bytes are no struct
   */
  struct(onField: (field: number, type: number) => boolean): void {
    this.#enter()
    let field = 0
    for (;;) {
      const head = this.#byte()
      const type = head & 0x0f
      if (type === 0) break
      field = head >>> 4 === 0 ? this.int() : field + (head >>> 4)
      if (!onField(field, type)) this.#skip(type)
    }
    this.#depth -= 1
  }

  /** Calls `onItem`, which must read one item, for each item. */
  list(type: number, onItem: (index: number) => void): void {
    const head = this.#byte()
    const count = head >>> 4 === 15 ? this.#varint() : head >>> 4
    if ((head & 0x0f) !== type)
      throw new Error(`a list of type ${head & 0x0f} stands where one of ${type} is due`)
    for (let index = 0; index < count; index++) onItem(index)
  }

  /** A signed integer of up to 53 bits. */
  int(): number {
    const zigzag = this.#varint()
    const value = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    if (!Number.isSafeInteger(value)) throw new Error('an integer is too large')
    return value
  }

  text(): string {
    const length = this.#varint()
    const start = this.#advance(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  #varint(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
    throw new Error('an integer is too long')
  }

  #byte(): number {
    return this.#bytes[this.#advance(1)]!
  }

  #advance(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) throw new Error('the structure is cut')
    this.#at += length
    return start
  }

  #enter(): void {
    this.#depth += 1
    if (this.#depth > depthMax) throw new Error('the structure is too deep')
  }

  #skip(type: number): void {
    switch (type) {
      case 1:
      case 2:
        return
      case 3:
        this.#advance(1)
        return
      case 4:
      case 5:
      case 6:
        this.#skipVarint()
        return
      case 7:
        this.#advance(8)
        return
      case 8:
        this.#advance(this.#varint())
        return
      case 9:
      case 10:
        this.#skipList()
        return
      case 12:
        this.struct(() => false)
        return
      default:
        throw new Error(`a field has the unknown type ${type}`)
    }
  }

  #skipVarint(): void {
    while (this.#byte() >= 0x80);
  }

  #skipList(): void {
    this.#enter()
    const head = this.#byte()
    const count = head >>> 4 === 15 ? this.#varint() : head >>> 4
    const type = head & 0x0f
    for (let index = 0; index < count; index++) {
      // Unlike a field, an item of type boolean has a byte of its own.
      if (type === 1 || type === 2) this.#advance(1)
      else this.#skip(type)
    }
    this.#depth -= 1
  }
}
