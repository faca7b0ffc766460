// Columns lie in shared memory, so that a worker thread can write a segment without a copy of its rows. They double
// when full; the old memory stays readable for whoever holds an image of it.

export function sharedUint32(length: number): Uint32Array<SharedArrayBuffer> {
  return new Uint32Array(new SharedArrayBuffer(length * 4))
}

export function sharedFloat64(length: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(length * 8))
}

export function sharedBytes(length: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(new SharedArrayBuffer(length))
}

const firstRows = 16

/** Rows to hold from now on, where `rows` no longer fit. */
export function grownRows(rows: number): number {
  return Math.max(firstRows, rows * 2)
}
