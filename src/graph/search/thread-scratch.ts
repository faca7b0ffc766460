import type { HnswGraph } from '../hnsw/hnsw-graph.ts'
import { HnswScratch, type ScratchSizes } from '../hnsw/hnsw-scratch.ts'
import { strideOf } from '../vector-column.ts'
import type { Arena, Region } from '../vector-memory.ts'

const efMin = 256
const rowsMin = 16_384

/** Memory in which one thread searches: of each arena what the largest task so far needed. Two threads never use one. */
export class ThreadScratch {
  readonly #graphs = new Map<Arena, HnswScratch>()
  readonly #scans = new Map<Arena, Region>()
  /** Replaced by larger ones; the thread may still be at work in them. */
  #old: (() => void)[] = []

  /** Undefined if the arena has no room. @throws overloaded */
  ofGraph(graph: HnswGraph, ef: number): HnswScratch | undefined {
    const { arena } = graph
    const wanted = sizesOf(graph, ef)
    const known = this.#graphs.get(arena)
    if (known !== undefined && fits(known.image().sizes, wanted)) return known
    const larger = HnswScratch.allocate(arena, roundedUp(wanted, known?.image().sizes))
    if (larger === undefined) return undefined
    if (known !== undefined) this.#old.push(() => known.dispose())
    this.#graphs.set(arena, larger)
    return larger
  }

  /** The address of at least so many bytes. Undefined if the arena has no room. @throws overloaded */
  ofScans(arena: Arena, bytes: number): number | undefined {
    const known = this.#scans.get(arena)
    if (known !== undefined && known.bytes >= bytes) return known.offset
    const larger = arena.allocate(2 ** Math.ceil(Math.log2(bytes)))
    if (larger === undefined) return undefined
    if (known !== undefined) this.#old.push(() => arena.free(known))
    this.#scans.set(arena, larger)
    return larger.offset
  }

  /** Gives back what has been replaced. The thread is idle. */
  freeOld(): void {
    if (this.#old.length === 0) return
    for (const free of this.#old) free()
    this.#old = []
  }

  /** The thread is idle, or has ended. */
  dispose(): void {
    this.freeOld()
    for (const scratch of this.#graphs.values()) scratch.dispose()
    for (const [arena, region] of this.#scans) arena.free(region)
    this.#graphs.clear()
    this.#scans.clear()
  }
}

function sizesOf(graph: HnswGraph, ef: number): ScratchSizes {
  const { m } = graph.parameters
  return { rows: graph.capacityRows, ef, m, stride: strideOf(graph.column.dimensions) }
}

function fits(has: ScratchSizes, wanted: ScratchSizes): boolean {
  return has.rows >= wanted.rows && has.ef >= wanted.ef && has.m >= wanted.m && has.stride >= wanted.stride
}

/** With some room, so that a few larger ones do not each need another. */
function roundedUp(wanted: ScratchSizes, known: ScratchSizes | undefined): ScratchSizes {
  const most = (name: keyof ScratchSizes): number => Math.max(wanted[name], known?.[name] ?? 0)
  const power = (value: number): number => 2 ** Math.ceil(Math.log2(value))
  return {
    rows: power(Math.max(rowsMin, most('rows'))),
    ef: power(Math.max(efMin, most('ef'))),
    m: most('m'),
    stride: most('stride'),
  }
}
