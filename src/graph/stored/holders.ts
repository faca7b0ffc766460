import { assert } from '../../runtime/assert.ts'

/** Keeps something as long as somebody uses it, also if its owner has given it up. */
export class Holders {
  readonly #free: () => void
  #count = 0
  #isDisposed = false

  /** `free` is called once: when it has been disposed and nobody holds it. */
  constructor(free: () => void) {
    this.#free = free
  }

  /** True once it is free. */
  get isDisposed(): boolean {
    return this.#isDisposed && this.#count === 0
  }

  /** Gives what ends this holding. */
  hold(): () => void {
    assert(!this.isDisposed, 'what is free is not held again')
    this.#count += 1
    return () => {
      this.#count -= 1
      if (this.isDisposed) this.#free()
    }
  }

  dispose(): void {
    assert(!this.#isDisposed, 'it is disposed once')
    this.#isDisposed = true
    if (this.#count === 0) this.#free()
  }
}
