import { placeBits } from '../hnsw/hnsw-graph.ts'
import type { Arena, Region } from '../vector-memory.ts'

export interface LentBits {
  readonly address: number
  /** Once, when no thread reads them any more. */
  release(): void
}

interface Placed {
  readonly bits: Uint32Array
  readonly rowCount: number
  readonly region: Region
  users: number
  isKept: boolean
}

const keptBytesMax = 8 * 2 ** 20

/**
 * Bitsets of rows where the kernels of every thread find them. Those that will be asked for again are kept there, up to a
 * bound in bytes; of one arena the ones that were used last.
 */
export class BitsInArena {
  /** The least recently used first. */
  readonly #kept = new Map<Arena, Placed[]>()
  #keptBytes = 0

  /** `isKept` bits never change. Undefined if the arena has no room. @throws overloaded */
  lend(arena: Arena, bits: Uint32Array, rowCount: number, isKept: boolean): LentBits | undefined {
    const known = isKept ? this.#find(arena, bits, rowCount) : undefined
    const placed = known ?? this.#place(arena, bits, rowCount, isKept)
    if (placed === undefined) return undefined
    placed.users += 1
    return { address: placed.region.offset, release: () => this.#release(placed) }
  }

  /** Nothing is lent by now. */
  dispose(): void {
    for (const list of this.#kept.values()) for (const { region } of list) region.arena.free(region)
    this.#kept.clear()
    this.#keptBytes = 0
  }

  #find(arena: Arena, bits: Uint32Array, rowCount: number): Placed | undefined {
    const list = this.#kept.get(arena)
    const at = list?.findIndex((one) => one.bits === bits && one.rowCount === rowCount) ?? -1
    if (list === undefined || at < 0) return undefined
    const [found] = list.splice(at, 1)
    list.push(found!)
    return found
  }

  #place(arena: Arena, bits: Uint32Array, rowCount: number, isKept: boolean): Placed | undefined {
    const region = placeBits(arena, bits, rowCount)?.region
    if (region === undefined) return undefined
    const placed: Placed = { bits, rowCount, region, users: 0, isKept }
    if (isKept) this.#keep(arena, placed)
    return placed
  }

  #keep(arena: Arena, placed: Placed): void {
    const list = this.#kept.get(arena)
    if (list === undefined) this.#kept.set(arena, [placed])
    else list.push(placed)
    this.#keptBytes += placed.region.bytes
    for (const [owner, old] of this.#kept) {
      while (this.#keptBytes > keptBytesMax && old.length > 0 && old[0] !== placed) this.#forget(old.shift()!)
      if (old.length === 0) this.#kept.delete(owner)
    }
  }

  #forget(placed: Placed): void {
    placed.isKept = false
    this.#keptBytes -= placed.region.bytes
    if (placed.users === 0) placed.region.arena.free(placed.region)
  }

  #release(placed: Placed): void {
    placed.users -= 1
    if (placed.users === 0 && !placed.isKept) placed.region.arena.free(placed.region)
  }
}
