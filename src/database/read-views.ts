import type { View } from '../collection/view.ts'
import type { Clock, Timer } from '../runtime/clock.ts'

const idleMs = 30_000
const openMax = 16

interface Opened {
  readonly view: View
  usedAt: number
}

/**
 * Views of the past that stay open for a while after a read: the next read of the same snapshot or moment costs no more
 * than one of a living collection.
 */
export class ReadViews {
  readonly #clock: Clock
  /** The least recently used first. */
  readonly #opened = new Map<string, Opened>()
  readonly #opening = new Map<string, { readonly view: Promise<View>; waiting: number }>()
  #timer: Timer | undefined
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A copy of the view, which the caller releases. */
  async open(key: string, load: () => Promise<View>): Promise<View> {
    const known = this.#opened.get(key)
    if (known !== undefined) {
      known.usedAt = this.#clock.monotonic()
      this.#opened.delete(key)
      this.#opened.set(key, known)
      return known.view.copy()
    }
    let opening = this.#opening.get(key)
    if (opening === undefined) {
      opening = { view: load(), waiting: 0 }
      this.#opening.set(key, opening)
    }
    opening.waiting += 1
    let view: View | undefined
    try {
      view = await opening.view
      return view.copy()
    } finally {
      opening.waiting -= 1
      // The last to wait hands it over; until then nobody can release it.
      if (opening.waiting === 0) {
        this.#opening.delete(key)
        if (view !== undefined) this.#keep(key, view)
      }
    }
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    for (const { view } of this.#opened.values()) view.release()
    this.#opened.clear()
  }

  #keep(key: string, view: View): void {
    if (this.#isClosed) {
      view.release()
      return
    }
    this.#opened.set(key, { view, usedAt: this.#clock.monotonic() })
    for (const [oldest, { view: unused }] of this.#opened) {
      if (this.#opened.size <= openMax) break
      this.#opened.delete(oldest)
      unused.release()
    }
    this.#timer ??= this.#clock.after(idleMs, () => this.#releaseIdle())
  }

  #releaseIdle(): void {
    this.#timer = undefined
    const before = this.#clock.monotonic() - idleMs
    for (const [key, { view, usedAt }] of this.#opened) {
      if (usedAt > before) continue
      this.#opened.delete(key)
      view.release()
    }
    if (this.#opened.size > 0) this.#timer = this.#clock.after(idleMs, () => this.#releaseIdle())
  }
}
