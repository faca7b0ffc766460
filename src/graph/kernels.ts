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
  /** Rows of float32 into rows of codes, less a centre unless its address is 0. */
  encodeRows(
    elements: number,
    rows: number,
    count: number,
    rowBytes: number,
    centre: number,
    codes: number,
    codeBytes: number,
  ): void
  /** Sketches (assembly/sketch.ts) of rows of 8-bit codes, of 1 or 2 bits. */
  sketchRows(
    codes: number,
    count: number,
    codeBytes: number,
    sketches: number,
    sketchBytes: number,
    bits: number,
  ): void
  /** The same of rows of float32, less a centre unless its address is 0; `code` has room for a row of 8-bit codes. */
  sketchVectors(
    rows: number,
    count: number,
    rowBytes: number,
    centre: number,
    code: number,
    sketches: number,
    sketchBytes: number,
    bits: number,
  ): void
  /** `graph` and `scratch` are records (hnsw/hnsw-records.ts). Gives the number of keys in the scratch's `out`. */
  hnswSearch(
    graph: number,
    scratch: number,
    query: number,
    ef: number,
    most: number,
    passing: number,
    alive: number,
    rowLimit: number,
    shareMin: number,
  ): number
  /** Gives the number of keys in the scratch's `out`. */
  hnswScan(
    graph: number,
    scratch: number,
    query: number,
    ef: number,
    most: number,
    passing: number,
    rowLimit: number,
    deviations: number,
  ): number
  hnswInsert(graph: number, scratch: number, hasVector: number): void
  /** Keeps `held` links of the scratch's `chosen` in a list, and fills it up from the rows in `pending`. */
  hnswFill(
    graph: number,
    scratch: number,
    base: number,
    layer: number,
    held: number,
    count: number,
    limit: number,
  ): void
  hnswUpperWords(seed: number, m: number, firstRow: number, endRow: number): number
  /** 0, or what is wrong in the upper half, and where in the lower. */
  hnswCheck(graph: number, present: number, seen: number, equal: number): bigint
}

let compiled: WebAssembly.Module | undefined

/** The kernels over one shared memory, for this thread. */
export function createKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(Buffer.from(kernelsBase64, 'base64'))
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels
}
