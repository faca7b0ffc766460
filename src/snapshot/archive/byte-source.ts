import { DatabaseError } from '../../errors/database-error.ts'

export interface ByteSourceOptions {
  readonly signal?: AbortSignal | undefined
  /** Sees every byte once, in order, as it arrives. */
  readonly onChunk?: ((chunk: Uint8Array) => void) | undefined
}

/** Cuts a stream of chunks at the places where its reader wants them cut. Asks for a chunk only when one is needed. */
export class ByteSource implements AsyncIterable<Uint8Array> {
  readonly #iterator: AsyncIterator<Uint8Array>
  readonly #signal: AbortSignal | undefined
  readonly #onChunk: ((chunk: Uint8Array) => void) | undefined
  #rest: Uint8Array = new Uint8Array(0)
  #position = 0
  #isEnded = false

  constructor(source: AsyncIterable<Uint8Array>, options: ByteSourceOptions = {}) {
    this.#iterator = source[Symbol.asyncIterator]()
    this.#signal = options.signal
    this.#onChunk = options.onChunk
  }

  /** Bytes handed out so far. */
  get position(): number {
    return this.#position
  }

  /**
   * At least one byte and at most `bytesMax`, or undefined at the end.
   * @throws cancelled, and whatever the source throws
   */
  async next(bytesMax: number): Promise<Uint8Array | undefined> {
    while (this.#rest.byteLength === 0) {
      if (this.#isEnded) return undefined
      await this.#fill()
    }
    const chunk = this.#rest.subarray(0, bytesMax)
    this.#rest = this.#rest.subarray(chunk.byteLength)
    this.#position += chunk.byteLength
    return chunk
  }

  /** What comes next, without taking it: `length` bytes, fewer only at the end. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#rest.byteLength < length && !this.#isEnded) {
      const before = this.#rest
      await this.#fill()
      if (before.byteLength > 0) this.#rest = this.#isEnded ? before : Buffer.concat([before, this.#rest])
    }
    return this.#rest.subarray(0, length)
  }

  /** `length` bytes; fewer only at the end. */
  async read(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let missing = length
    while (missing > 0) {
      const chunk = await this.next(missing)
      if (chunk === undefined) break
      parts.push(chunk)
      missing -= chunk.byteLength
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  /** What is left, as it comes. Whoever stops early lets the source go. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = await this.next(Number.MAX_SAFE_INTEGER)
        if (chunk === undefined) return
        yield chunk
      }
    } finally {
      await this.close()
    }
  }

  /** Lets the source go, whether it has ended or not. */
  async close(): Promise<void> {
    const isStalled = this.#signal?.aborted === true
    this.#rest = new Uint8Array(0)
    if (this.#isEnded) return
    this.#isEnded = true
    // The reader has its result or its error by now; that the source fails to stop changes neither.
    const closed = Promise.resolve(this.#iterator.return?.()).catch(() => undefined)
    // A generator that waits for bytes which never come would not return before they do.
    if (!isStalled) await closed
  }

  async #fill(): Promise<void> {
    const result = await this.#untilAborted(() => this.#iterator.next())
    if (result.done === true) {
      this.#isEnded = true
      return
    }
    this.#onChunk?.(result.value)
    this.#rest = result.value
  }

  #untilAborted<T>(task: () => Promise<T>): Promise<T> {
    const signal = this.#signal
    if (signal === undefined) return task()
    return new Promise<T>((resolve, reject) => {
      const abort = (): void => {
        reject(
          new DatabaseError('cancelled', 'Cannot read on: the operation was cancelled', {}, signal.reason),
        )
      }
      if (signal.aborted) {
        abort()
        return
      }
      signal.addEventListener('abort', abort, { once: true })
      task()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', abort))
    })
  }
}
