/** Puts a query where kernels read it, padded with zeros like a row of `stride` floats. `memory` may be shared. */
export function putQuery(
  memory: WebAssembly.Memory,
  address: number,
  query: Float32Array,
  stride: number,
): void {
  const target = new Float32Array(memory.buffer, address, stride)
  target.set(query)
  target.fill(0, query.length)
}
