/** One part of the points of a segment: one of its vectors, or the payload. */
export interface SlotColumn<Block> {
  /** Looks up where the values of these slots are, which ascend; a few bytes of memory for each. */
  locate(slots: Uint32Array): Promise<LocatedValues<Block>>
}

export interface LocatedValues<Block> {
  /** About how much memory the value of `slots[index]` takes. */
  bytesAt(index: number): number
  /**
   * Of `slots[from]` up to `slots[to]`, without the latter: a value for each, or none. They may lie in `memory`, whose owner says
   * how long.
   */
  read(from: number, to: number, memory?: ReusedMemory): Promise<Block>
}

export const allAbsent: SlotColumn<readonly undefined[]> = {
  locate: () =>
    Promise.resolve({
      bytesAt: () => 0,
      read: (from, to) => Promise.resolve(Array.from({ length: to - from }, () => undefined)),
    }),
}

/** Memory that is used again: what a block after the other is read to, not memory of its own for each. */
export class ReusedMemory {
  #bytes = new Uint8Array(0)

  /** Some, with whatever it holds. What was given before must not be in use any more. */
  take(bytes: number): Uint8Array {
    if (bytes > this.#bytes.byteLength) this.#bytes = new Uint8Array(bytes)
    return this.#bytes.subarray(0, bytes)
  }
}
