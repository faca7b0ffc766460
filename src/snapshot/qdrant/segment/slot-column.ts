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
  read(from: number, to: number, memory?: BlockMemory): Promise<Block>
}

export const allAbsent: SlotColumn<readonly undefined[]> = {
  locate: () =>
    Promise.resolve({
      bytesAt: () => 0,
      read: (from, to) => Promise.resolve(Array.from({ length: to - from }, () => undefined)),
    }),
}

/** What blocks are read to, by turns: the memory of one is used again by the next but one. */
export class BlockMemory {
  #turn: 0 | 1 = 0
  readonly #memories = [
    new Map<object, Uint8Array<ArrayBuffer>>(),
    new Map<object, Uint8Array<ArrayBuffer>>(),
  ] as const

  /** Another block begins. */
  next(): void {
    this.#turn = this.#turn === 0 ? 1 : 0
  }

  /** For one purpose, which is a key of the caller's: once in a block. It holds anything. */
  take(purpose: object, bytes: number): Uint8Array<ArrayBuffer> {
    const memories = this.#memories[this.#turn]
    let memory = memories.get(purpose)
    if (memory === undefined || memory.byteLength < bytes) {
      memory = new Uint8Array(bytes)
      memories.set(purpose, memory)
    }
    return memory.subarray(0, bytes)
  }
}
