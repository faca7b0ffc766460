// Levels say of each value how deep it is there (definition) and at which depth it goes on with a list (repetition).
// They are stored in Parquet's hybrid: a run is its length, times two, and the value; packed groups are their number,
// times two and one more, and eight values each.

/** With more, the head of packed groups would be longer than the one byte that is kept for it. */
const packedGroupsMax = 63

/** Encodes the levels of a page, from runs of equal ones. */
export class LevelEncoder {
  readonly #bits: number
  #bytes = new Uint8Array(256)
  /** Behind the four bytes of the length, which come last. */
  #length = 4
  #value = 0
  #count = 0
  /** Values that have not filled a group of eight. */
  #group = 0
  #grouped = 0
  /** Where the head of the present packed groups is, and how many these are. */
  #headAt = 0
  #groups = 0

  /** @param max the highest level, up to 3 */
  constructor(max: number) {
    this.#bits = max > 1 ? 2 : 1
  }

  add(value: number, count: number): void {
    if (value !== this.#value) {
      this.#endRun()
      this.#value = value
    }
    this.#count += count
  }

  /** The length of the encoding (u32) and the encoding, in memory of their own. The encoder is done. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#endRun()
    // Whoever reads knows how many values there are: the last group may be longer.
    if (this.#grouped > 0) this.#endGroup()
    this.#endGroups()
    new DataView(this.#bytes.buffer).setUint32(0, this.#length - 4, true)
    return this.#bytes.slice(0, this.#length)
  }

  #endRun(): void {
    let left = this.#count
    this.#count = 0
    // A run begins where no group is half full.
    for (; left > 0 && this.#grouped > 0; left--) this.#pack()
    if (left >= 8) {
      this.#endGroups()
      this.#run(left)
    } else for (; left > 0; left--) this.#pack()
  }

  #run(count: number): void {
    this.#reserve(6)
    let head = count * 2
    while (head >= 128) {
      this.#bytes[this.#length++] = (head % 128) | 128
      head = Math.floor(head / 128)
    }
    this.#bytes[this.#length++] = head
    this.#bytes[this.#length++] = this.#value
  }

  #pack(): void {
    this.#group |= this.#value << (this.#grouped * this.#bits)
    this.#grouped += 1
    if (this.#grouped === 8) this.#endGroup()
  }

  #endGroup(): void {
    this.#reserve(3)
    if (this.#groups === 0) this.#headAt = this.#length++
    this.#bytes[this.#length++] = this.#group & 0xff
    if (this.#bits === 2) this.#bytes[this.#length++] = this.#group >>> 8
    this.#group = 0
    this.#grouped = 0
    this.#groups += 1
    if (this.#groups === packedGroupsMax) this.#endGroups()
  }

  #endGroups(): void {
    if (this.#groups > 0) this.#bytes[this.#headAt] = this.#groups * 2 + 1
    this.#groups = 0
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const grown = new Uint8Array(this.#bytes.length * 2)
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** Definition levels of a column that may be null: of each row 1 where there is a value, or what `absent` is where there is none. */
export function presenceLevels(rows: Uint8Array, absent: 0 | 1 = 0): Uint8Array<ArrayBuffer> {
  const levels = new LevelEncoder(1)
  // Mostly all rows are alike: the end of a run is looked for by what searches memory.
  for (let at = 0; at < rows.length;) {
    const value = rows[at]!
    const next = rows.indexOf(1 - value, at)
    const end = next < 0 ? rows.length : next
    levels.add(value === absent ? 0 : 1, end - at)
    at = end
  }
  return levels.finish()
}
