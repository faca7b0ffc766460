/** One part of the points of a segment: one of its vectors, or the payload. */
export interface SlotColumn<Block> {
  /** Looks up where the values of these slots are, which ascend; a few bytes of memory for each. */
  locate(slots: Uint32Array): Promise<LocatedValues<Block>>
}

export interface LocatedValues<Block> {
  /** About how much memory the value of `slots[index]` takes. */
  bytesAt(index: number): number
  /** Of `slots[from]` up to `slots[to]`, without the latter: a value for each, or none. */
  read(from: number, to: number): Promise<Block>
}

export const allAbsent: SlotColumn<readonly undefined[]> = {
  locate: () =>
    Promise.resolve({
      bytesAt: () => 0,
      read: (from, to) => Promise.resolve(Array.from({ length: to - from }, () => undefined)),
    }),
}
