interface Waiting {
  readonly bytes: number
  readonly enter: () => void
}

/**
 * Back-pressure: writes go on while those on their way to the disk and into memory are few enough bytes, and the others wait,
 * first come, first served. A write that is larger than all of that goes alone.
 */
export class WriteGate {
  readonly #bytesMax: number
  readonly #isClosed: () => boolean
  readonly #waiting: Waiting[] = []
  #bytes = 0

  /** `isClosed`: nobody may go on at the moment. Once that changes, `admit` has to be called. */
  constructor(bytesMax: number, isClosed: () => boolean) {
    this.#bytesMax = bytesMax
    this.#isClosed = isClosed
  }

  /** Bytes that are inside. */
  get bytes(): number {
    return this.#bytes
  }

  /** Writes that wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Undefined: go on at once. Each that entered leaves, with the same number of bytes. */
  enter(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#hasRoom(bytes)) {
      this.#bytes += bytes
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push({ bytes, enter: resolve }))
  }

  leave(bytes: number): void {
    this.#bytes -= bytes
    this.admit()
  }

  admit(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && this.#hasRoom(next.bytes);
      next = this.#waiting[0]
    ) {
      this.#waiting.shift()
      this.#bytes += next.bytes
      next.enter()
    }
  }

  #hasRoom(bytes: number): boolean {
    return !this.#isClosed() && (this.#bytes === 0 || this.#bytes + bytes <= this.#bytesMax)
  }
}
