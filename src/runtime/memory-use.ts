/** Memory of this process in bytes. */
export interface MemoryUse {
  readonly rss: number
  readonly heapTotal: number
  readonly heapUsed: number
  /** Outside of the heap: vectors, payloads and buffers. */
  readonly external: number
}

export function processMemory(): MemoryUse {
  return process.memoryUsage()
}
