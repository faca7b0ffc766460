import { DatabaseError } from '../errors/database-error.ts'
import { assert } from '../runtime/assert.ts'
import { createKernels, type Kernels } from './kernels.ts'

const pageBytes = 65_536
const pagesMax = 65_536
const smallestBlockBytes = 1_024
/** The largest single block. */
export const blockBytesMax = 4 * 2 ** 20

/** A run of bytes in shared WebAssembly memory; stays where it is until it is freed. */
export interface Block {
  readonly arena: Arena
  readonly offset: number
  /** A power of two from 1 KiB to 4 MiB. */
  readonly bytes: number
}

/**
 * One shared WebAssembly.Memory of up to 4 GiB with blocks of powers of two, and the kernels of this thread over it.
 * A block is split in halves where a smaller one is needed, and not joined again.
 */
export class Arena {
  readonly memory: WebAssembly.Memory
  readonly kernels: Kernels
  readonly #free = new Map<number, number[]>()
  readonly #used = new Map<number, number>()
  // Byte 0 stays unused: an offset of 0 means "none" to the kernels.
  #top = pageBytes
  #scratch: Block | undefined

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: pagesMax, shared: true })
    this.kernels = createKernels(this.memory)
  }

  /** Undefined if the arena is full. */
  allocate(bytes: number): number | undefined {
    let offset = this.#free.get(bytes)?.pop()
    offset ??= bytes < blockBytesMax ? this.#split(bytes) : this.#extend()
    if (offset !== undefined) this.#used.set(offset, bytes)
    return offset
  }

  free(offset: number): void {
    const bytes = this.#used.get(offset)
    assert(bytes !== undefined, 'a block is freed once')
    this.#used.delete(offset)
    this.#give(offset, bytes)
  }

  get bytesInUse(): number {
    let sum = 0
    for (const bytes of this.#used.values()) sum += bytes
    return sum
  }

  get bytesReserved(): number {
    return this.memory.buffer.byteLength
  }

  /** Room for the arguments and results of one kernel call; valid until the next call of this. */
  scratch(bytes: number): number {
    if (this.#scratch !== undefined && this.#scratch.bytes >= bytes) return this.#scratch.offset
    if (this.#scratch !== undefined) this.free(this.#scratch.offset)
    const size = blockSize(bytes)
    const offset = this.allocate(size)
    if (offset === undefined) throw outOfMemory(bytes)
    this.#scratch = { arena: this, offset, bytes: size }
    return offset
  }

  // The views are made anew each time: a memory that has grown has a longer buffer.
  floats(offset: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, offset, length)
  }

  words(offset: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, offset, length)
  }

  #give(offset: number, bytes: number): void {
    const list = this.#free.get(bytes)
    if (list === undefined) this.#free.set(bytes, [offset])
    else list.push(offset)
  }

  #split(bytes: number): number | undefined {
    const offset =
      this.#free.get(bytes * 2)?.pop() ??
      (bytes * 2 < blockBytesMax ? this.#split(bytes * 2) : this.#extend())
    if (offset !== undefined) this.#give(offset + bytes, bytes)
    return offset
  }

  /** A new block of the largest size at the end of the memory. */
  #extend(): number | undefined {
    const known = this.#free.get(blockBytesMax)?.pop()
    if (known !== undefined) return known
    if (this.#top + blockBytesMax > pagesMax * pageBytes) return undefined
    const missing = this.#top + blockBytesMax - this.memory.buffer.byteLength
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / pageBytes))
      } catch (error) {
        throw outOfMemory(missing, error)
      }
    }
    const offset = this.#top
    this.#top += blockBytesMax
    return offset
  }
}

function blockSize(bytes: number): number {
  const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, smallestBlockBytes)))
  if (size > blockBytesMax) throw outOfMemory(bytes)
  return size
}

function outOfMemory(bytes: number, cause?: unknown): DatabaseError {
  return new DatabaseError(
    'overloaded',
    `Cannot allocate ${bytes} bytes for vectors: the memory is exhausted`,
    { bytes },
    cause,
  )
}

const arenas: Arena[] = []

/** A block of at least `bytes`, in whichever arena has room. @throws overloaded */
export function allocateBlock(bytes: number): Block {
  const size = blockSize(bytes)
  for (const arena of arenas) {
    const offset = arena.allocate(size)
    if (offset !== undefined) return { arena, offset, bytes: size }
  }
  const arena = new Arena()
  arenas.push(arena)
  const offset = arena.allocate(size)
  assert(offset !== undefined, 'a new arena has room')
  return { arena, offset, bytes: size }
}

export function freeBlock(block: Block): void {
  block.arena.free(block.offset)
}

/** Bytes over all arenas of this process. */
export function vectorMemoryStats(): { readonly bytesInUse: number; readonly bytesReserved: number } {
  return {
    bytesInUse: arenas.reduce((sum, arena) => sum + arena.bytesInUse, 0),
    bytesReserved: arenas.reduce((sum, arena) => sum + arena.bytesReserved, 0),
  }
}
