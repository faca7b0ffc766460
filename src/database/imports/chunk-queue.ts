import { assert } from '../../runtime/assert.ts'

/** Hands chunks from one writer to one reader; a chunk counts as read when the reader asks for what follows it. */
export class ChunkQueue implements AsyncIterable<Uint8Array> {
  #given: { readonly chunk: Uint8Array; readonly read: () => void } | undefined
  #isTaken = false
  #wake: (() => void) | undefined
  #isEnded = false

  /** Resolves when the chunk has been read: never, if the reader has stopped. One at a time. */
  push(chunk: Uint8Array): Promise<void> {
    assert(this.#given === undefined || this.#isEnded, 'one chunk at a time')
    return new Promise((resolve) => {
      this.#given = { chunk, read: resolve }
      this.#isTaken = false
      this.#wake?.()
    })
  }

  /** Nothing follows. */
  end(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: async () => {
        this.#acknowledge()
        while (this.#given === undefined && !this.#isEnded) {
          await new Promise<void>((resolve) => (this.#wake = resolve))
          this.#wake = undefined
        }
        if (this.#given === undefined) return { done: true, value: undefined }
        this.#isTaken = true
        return { done: false, value: this.#given.chunk }
      },
      return: async () => {
        this.#isEnded = true
        return { done: true, value: undefined }
      },
    }
  }

  #acknowledge(): void {
    if (!this.#isTaken) return
    const given = this.#given
    this.#given = undefined
    this.#isTaken = false
    given?.read()
  }
}
