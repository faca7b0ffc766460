import { kernelsBase64 } from './kernels.generated.ts'

/** The exports of assembly/kernels.ts. Offsets and lengths are bytes in the memory that they were made for. */
export interface Kernels {
  scan(
    metric: number,
    base: number,
    count: number,
    firstRow: number,
    strideBytes: number,
    query: number,
    bits: number,
    heap: number,
    heapCount: number,
    limit: number,
  ): number
  sortHeap(heap: number, count: number): void
  score(metric: number, row: number, query: number, strideBytes: number): number
}

let compiled: WebAssembly.Module | undefined

/** The kernels over one shared memory, for this thread. */
export function createKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(Buffer.from(kernelsBase64, 'base64'))
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels
}
