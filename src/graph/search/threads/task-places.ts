// What is sent by value is new memory for each message, and as much again on the other side. Of queries of some thousand
// components that is more than a garbage collection of young objects takes away: old ones came between searches, whose helpers
// take the processors from the threads that search. These places are written over and over again.

const placeWordsMin = 4_096
/** Longer messages are rare, and a place for each of them is not worth keeping. */
const placeWordsMax = 131_072

/** Room for the tasks of one message, in memory that both threads see. */
export interface TaskPlace {
  /** In the order in which the thread has heard of them. */
  readonly number: number
  readonly words: Float64Array
}

// Invariants:
//   - a place is written to by one message at a time: it is free again when that has been answered.

/** Places for messages to one thread: as many as there were messages under way at once. */
export class TaskPlaces {
  readonly #announce: (words: Float64Array) => void
  readonly #free: TaskPlace[] = []
  #count = 0

  /** `announce` tells the thread of a new place, before it is used. */
  constructor(announce: (words: Float64Array) => void) {
    this.#announce = announce
  }

  /** Undefined for what is too long: that is sent by value. */
  take(length: number): TaskPlace | undefined {
    if (length > placeWordsMax) return undefined
    const at = this.#free.findIndex(({ words }) => words.length >= length)
    if (at >= 0) return this.#free.splice(at, 1)[0]!
    // One that is too short is not needed beside a longer one. The thread keeps its number.
    this.#free.pop()
    const size = 2 ** Math.ceil(Math.log2(Math.max(length, placeWordsMin)))
    const words = new Float64Array(new SharedArrayBuffer(size * Float64Array.BYTES_PER_ELEMENT))
    this.#announce(words)
    return { number: this.#count++, words }
  }

  giveBack(place: TaskPlace): void {
    this.#free.push(place)
  }
}
