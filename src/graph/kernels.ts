import { kernelsBase64 } from './kernels.generated.ts'

/**
 * The exports of assembly/kernels.ts over one memory. Addresses and lengths are bytes; metrics are the numbers of
 * assembly/distance.ts. Addresses from 2^31 on come back negative from WebAssembly: none is returned here.
 */
export interface Kernels {
  /** Gives the new number of keys in the heap. */
  scan(
    metric: number,
    rows: number,
    count: number,
    firstRow: number,
    rowBytes: number,
    query: number,
    bits: number,
    heap: number,
    held: number,
    limit: number,
  ): number
  sortHeap(heap: number, count: number): void
  scoreRows(
    metric: number,
    list: number,
    count: number,
    rowBytes: number,
    query: number,
    scores: number,
  ): void
}

let compiled: WebAssembly.Module | undefined

/** The kernels over one shared memory, for this thread. */
export function createKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(Buffer.from(kernelsBase64, 'base64'))
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels
}
