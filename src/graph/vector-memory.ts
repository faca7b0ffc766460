import { DatabaseError } from '../errors/database-error.ts'
import { assert } from '../runtime/assert.ts'
import { FreeRanges } from './free-ranges.ts'
import { createKernels, type Kernels } from './kernels.ts'

const pageBytes = 65_536
const arenaBytesMax = 65_536 * pageBytes
/** Regions are whole multiples of this, and begin at one. */
const granuleBytes = 1_024
const growthBytesMin = 2 ** 20
const scratchBytesMin = 65_536
// Kept from ordinary regions, so that an arena that is full can still be searched: each larger scratch is twice the
// last, so the largest of 8 MiB and all before it fit.
const scratchReserveBytes = 16 * 2 ** 20

/** A run of bytes in shared WebAssembly memory; stays where it is until it is freed. */
export interface Region {
  readonly arena: Arena
  readonly offset: number
  readonly bytes: number
}

/** Bytes over all arenas. `bytesReserved` is what was ever needed at once: WebAssembly memory never shrinks. */
export interface VectorMemoryStats {
  readonly bytesInUse: number
  readonly bytesReserved: number
}

/** One shared WebAssembly.Memory of up to 4 GiB, and the kernels of this thread over it. */
export class Arena {
  readonly memory: WebAssembly.Memory
  readonly kernels: Kernels
  readonly #bytesMax: number
  readonly #free = new FreeRanges()
  readonly #used = new Map<number, Region>()
  // Address 0 means "none" to the kernels, so nothing begins there.
  #top = granuleBytes
  #bytesInUse = 0
  #scratch: Region | undefined

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: bytesMax / pageBytes, shared: true })
    this.kernels = createKernels(this.memory)
  }

  get bytesInUse(): number {
    return this.#bytesInUse
  }

  get bytesReserved(): number {
    return this.memory.buffer.byteLength
  }

  /** Bytes that may still be taken, though perhaps not in one piece. */
  get room(): number {
    return this.#bytesMax - scratchReserveBytes - this.#bytesInUse
  }

  /** Undefined if the arena has no room for it. @throws overloaded if the system gives no more memory */
  allocate(bytes: number): Region | undefined {
    return this.#allocate(bytes, this.#bytesMax - scratchReserveBytes)
  }

  free(region: Region): void {
    // The very region: its place may have been taken again by another one of the same size.
    assert(this.#used.get(region.offset) === region, 'a region is freed once, by its arena')
    this.#used.delete(region.offset)
    this.#bytesInUse -= region.bytes
    this.#free.add(region.offset, region.bytes)
  }

  /** Where the arguments and results of one kernel call may lie; valid until the next call of this. */
  scratch(bytes: number): number {
    if (this.#scratch !== undefined && this.#scratch.bytes >= bytes) return this.#scratch.offset
    const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, scratchBytesMin)))
    const larger = this.#allocate(size, this.#bytesMax)
    if (larger === undefined) throw outOfMemory(bytes)
    if (this.#scratch !== undefined) this.free(this.#scratch)
    this.#scratch = larger
    return larger.offset
  }

  // Views are made anew: a memory that has grown has another, longer buffer. One that lies in an older buffer stays
  // good, as it is the same memory.
  bytes(offset: number, length: number): Uint8Array<SharedArrayBuffer> {
    return new Uint8Array(this.memory.buffer, offset, length)
  }

  floats(offset: number, length: number): Float32Array<SharedArrayBuffer> {
    return new Float32Array(this.memory.buffer, offset, length)
  }

  words(offset: number, length: number): Uint32Array<SharedArrayBuffer> {
    return new Uint32Array(this.memory.buffer, offset, length)
  }

  #allocate(bytes: number, end: number): Region | undefined {
    const size = Math.ceil(bytes / granuleBytes) * granuleBytes
    const offset = this.#free.take(size) ?? this.#extend(size, end)
    if (offset === undefined) return undefined
    const region = { arena: this, offset, bytes: size }
    this.#used.set(offset, region)
    this.#bytesInUse += size
    return region
  }

  /** Free bytes at the end of those in use count: only what is missing is added. */
  #extend(size: number, end: number): number | undefined {
    const missing = size - this.#free.lengthBefore(this.#top)
    if (this.#top + missing > end) return undefined
    const reserved = this.memory.buffer.byteLength
    if (this.#top + missing > reserved) this.#grow(this.#top + missing - reserved, reserved)
    this.#free.add(this.#top, missing)
    this.#top += missing
    const offset = this.#free.take(size)
    assert(offset !== undefined, 'an extended arena has the room it was extended for')
    return offset
  }

  #grow(missing: number, reserved: number): void {
    const wanted = Math.min(Math.max(missing, growthBytesMin), this.#bytesMax - reserved)
    try {
      this.memory.grow(Math.ceil(wanted / pageBytes))
    } catch (error) {
      throw outOfMemory(missing, error)
    }
  }
}

export interface Placement {
  readonly near?: Arena
  readonly together?: number
}

/** Arenas, made when they are needed. */
export class VectorMemory {
  readonly #arenaBytesMax: number
  readonly #arenas: Arena[] = []

  constructor(options: { readonly arenaBytesMax?: number } = {}) {
    this.#arenaBytesMax = options.arenaBytesMax ?? arenaBytesMax
    assert(this.#arenaBytesMax > scratchReserveBytes, 'an arena has room beside its reserve')
  }

  /**
   * At least `bytes`, not cleared, in whichever arena has room. `near`: in this one if it has. `together`: in one that has room for so
   * many bytes, as others will follow.
   * @throws overloaded
   */
  allocate(bytes: number, { near, together = bytes }: Placement = {}): Region {
    assert(bytes > 0, 'a region has bytes')
    const first = near ?? this.#arenaFor(together)
    for (const arena of first === undefined ? this.#arenas : [first, ...this.#arenas]) {
      const region = arena.allocate(bytes)
      if (region !== undefined) return region
    }
    const arena = this.#addArena(bytes)
    const region = arena.allocate(bytes)
    if (region === undefined) throw outOfMemory(bytes)
    return region
  }

  /** One with room for all of it; undefined if no arena can have that, and then any will do. */
  #arenaFor(bytes: number): Arena | undefined {
    const known = this.#arenas.find(({ room }) => room >= bytes)
    if (known !== undefined || bytes > this.#arenaBytesMax - scratchReserveBytes - pageBytes) return known
    return this.#addArena(bytes)
  }

  free(region: Region): void {
    region.arena.free(region)
  }

  stats(): VectorMemoryStats {
    let bytesInUse = 0
    let bytesReserved = 0
    for (const arena of this.#arenas) {
      bytesInUse += arena.bytesInUse
      bytesReserved += arena.bytesReserved
    }
    return { bytesInUse, bytesReserved }
  }

  #addArena(bytes: number): Arena {
    // Otherwise each request that no arena can ever hold would leave an empty one behind.
    if (bytes > this.#arenaBytesMax - scratchReserveBytes - pageBytes) throw outOfMemory(bytes)
    try {
      const arena = new Arena(this.#arenaBytesMax)
      this.#arenas.push(arena)
      return arena
    } catch (error) {
      throw outOfMemory(bytes, error)
    }
  }
}

/** The memory of all vectors of this process. */
export const vectorMemory = new VectorMemory()

export function vectorMemoryStats(): VectorMemoryStats {
  return vectorMemory.stats()
}

function outOfMemory(bytes: number, cause?: unknown): DatabaseError {
  const message = `Cannot allocate ${bytes} bytes for vectors: the memory is exhausted`
  return new DatabaseError('overloaded', message, { bytes }, cause)
}
