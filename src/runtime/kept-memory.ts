import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { systemClock, type Clock } from './clock.ts'

// Array buffers that come and go cost more than their allocation. V8 counts their bytes, and where some 30 MiB have come since it
// marked the heap, it marks all of it again, in pauses of 5 to 20 ms: though next to nothing of the heap has changed, and
// though the buffers are in use. So whoever knows when a large one is done with says so.

/** Smaller ones are left to the garbage collection. */
const largeFromBytes = 2 ** 18
/** What is given beyond it is freed. */
const keptBytesMax = 2 ** 27
/** After so long without anybody taking memory none is kept. */
const idleMs = 10_000

/** Sizes are multiples of an eighth of the power of two below, so that what is nearly as large is used again. */
function roundedSize(bytes: number): number {
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 3)
  return Math.ceil(bytes / step) * step
}

export interface KeptMemoryOptions {
  readonly clock?: Pick<Clock, 'after'>
  readonly bytesMax?: number
}

/** Large array buffers, used again and again. */
export class KeptMemory {
  readonly #clock: Pick<Clock, 'after'>
  readonly #bytesMax: number
  /** By size. */
  #kept = new Map<number, ArrayBuffer[]>()
  #bytes = 0
  readonly #taken = new WeakSet<ArrayBuffer>()
  #isWatching = false
  #wasUsed = false

  constructor({ clock = systemClock, bytesMax = keptBytesMax }: KeptMemoryOptions = {}) {
    this.#clock = clock
    this.#bytesMax = bytesMax
  }

  /** Bytes that are kept for those who come. */
  get bytes(): number {
    return this.#bytes
  }

  /** At least so many bytes, of any content. Whoever does not give them back leaves them to the garbage collection. */
  take(bytes: number): ArrayBuffer {
    if (bytes < largeFromBytes) return new ArrayBuffer(bytes)
    this.#wasUsed = true
    const size = roundedSize(bytes)
    const buffer = this.#kept.get(size)?.pop()
    if (buffer !== undefined) this.#bytes -= size
    const taken = buffer ?? new ArrayBuffer(size)
    this.#taken.add(taken)
    return taken
  }

  /**
   * Ends the use of what `take` gave: whoever still looks into it sees what the next one writes. (Its views could be made empty, by a
   * transfer; but V8 counts what is transferred as new.) Any other buffer is left to its owner.
   */
  give(buffer: ArrayBufferLike): void {
    if (!(buffer instanceof ArrayBuffer) || !this.#taken.delete(buffer)) return
    const size = buffer.byteLength
    if (this.#bytes + size > this.#bytesMax) return freeMemory(buffer)
    const list = this.#kept.get(size) ?? []
    this.#kept.set(size, list)
    list.push(buffer)
    this.#bytes += size
    this.#watch()
  }

  #watch(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    this.#wasUsed = false
    this.#clock.after(idleMs, () => {
      this.#isWatching = false
      if (this.#wasUsed) this.#watch()
      else this.#freeAll()
    })
  }

  #freeAll(): void {
    for (const list of this.#kept.values()) for (const buffer of list) freeMemory(buffer)
    this.#kept = new Map()
    this.#bytes = 0
  }
}

/** That of this thread. */
export const keptMemory = new KeptMemory()

/** What one piece of work takes, to be given back together. */
export class Loan {
  readonly #memory: KeptMemory
  readonly #taken: ArrayBuffer[] = []

  constructor(memory = keptMemory) {
    this.#memory = memory
  }

  take(bytes: number): ArrayBuffer {
    const buffer = this.#memory.take(bytes)
    this.#taken.push(buffer)
    return buffer
  }

  /** Nobody may look at it any more. */
  end(): void {
    for (const buffer of this.#taken.splice(0)) this.#memory.give(buffer)
  }
}

let nowhere: MessagePort | undefined

/** Frees the bytes at once, not at some later collection: all views of the buffer are empty from then on. */
export function freeMemory(buffer: ArrayBuffer): void {
  nowhere ??= closedPort()
  // A message to a closed port takes what is transferred with it, and is dropped.
  nowhere.postMessage(undefined, [buffer])
}

function closedPort(): MessagePort {
  const { port1 } = new MessageChannel()
  port1.close()
  return port1
}
