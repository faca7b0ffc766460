import type { Reader, Type } from 'protobufjs'
import { keptMemory } from '../../../runtime/kept-memory.ts'

/**
 * Makes messages that hold nothing but `data [f32] 1` decode to a Float32Array: a column of vectors is most of what an
 * insert sends.
 */
export function decodeAsFloat32Array(type: Type): void {
  // Or the first encoding would set up a decoder of its own.
  type.setup()
  type.decode = (reader: Reader | Uint8Array, length?: number) =>
    type.create({ data: readFloats(reader as Reader, length) })
}

function readFloats(reader: Reader, length = reader.len - reader.pos): Float32Array {
  const end = reader.pos + length
  if (end > reader.len) throw new RangeError('index out of range')
  const runs: Uint8Array[] = []
  while (reader.pos < end) {
    const tag = reader.uint32()
    const isData = tag >>> 3 === 1
    if (isData && (tag & 7) === 2) runs.push(reader.bytes())
    // One by one, as a writer that does not pack sends them.
    else if (isData && (tag & 7) === 5) runs.push(reader.buf.subarray(reader.pos, (reader.pos += 4)))
    else reader.skipType(tag & 7)
  }
  if (reader.pos !== end) throw new RangeError('index out of range')
  return joinFloats(runs)
}

/**
 * A copy: what was received may stand at any byte, and is not kept alive for the sake of one column. Of a large column it is in
 * `keptMemory`: a write gives it back, everybody else leaves it to the garbage collection.
 */
function joinFloats(runs: readonly Uint8Array[]): Float32Array {
  const byteCount = runs.reduce((sum, run) => sum + run.length, 0)
  if (runs.some((run) => run.length % 4 !== 0)) throw new RangeError('index out of range')
  const bytes = new Uint8Array(keptMemory.take(byteCount), 0, byteCount)
  let at = 0
  for (const run of runs) {
    bytes.set(run, at)
    at += run.length
  }
  return new Float32Array(bytes.buffer, 0, byteCount / 4)
}
