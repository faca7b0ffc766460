import { asBuffer, readU64 } from '../../../../encoding/binary.ts'
import type { SparseVector } from '../../../../graph/vector-value.ts'
import type { VectorBlock } from '../../../../segment/row-block.ts'
import type { Blob, Blobstore } from '../blobs/blobstore.ts'
import { invalidValue } from '../blobs/payload-column.ts'
import type { LocatedValues, SlotColumn } from '../slot-column.ts'
import { presentAmong, type FlagBits } from './flags.ts'

// Blob: u64 n, n bytes of packed indices, u64 m, m float32. Packed: a stream of bits, low ones first: 6 bits with
// width - 8, then m differences of `width` bits, the first from 0.

const widthBits = 6
const widthMin = 8
const widthMax = 32

/** Blobs without compression. A slot has no vector if its bit is set, or if it has no blob. */
export class SparseColumn implements SlotColumn<VectorBlock> {
  readonly #store: Blobstore
  readonly #absent: FlagBits | undefined

  constructor(store: Blobstore, absent: FlagBits | undefined) {
    this.#store = store
    this.#absent = absent
  }

  async locate(slots: Uint32Array): Promise<LocatedValues<VectorBlock>> {
    const present = await presentAmong(slots, Infinity, this.#absent)
    const blobs = await this.#store.values.locate(present.map((index) => slots[index]!))
    const places = new Int32Array(slots.length).fill(-1)
    present.forEach((index, place) => (places[index] = place))
    return {
      bytesAt: (index) => (places[index]! < 0 ? 0 : 2 * blobs.bytesAt(places[index]!)),
      async read(from, to) {
        const wanted = places.subarray(from, to).filter((place) => place >= 0)
        const first = wanted[0] ?? 0
        const found = await blobs.read(first, first + wanted.length)
        return Array.from(places.subarray(from, to), (place) => {
          const blob = place < 0 ? undefined : found.at(place - first)
          return blob && decodeSparse(blob)
        })
      },
    }
  }
}

/** @throws archive-invalid */
export function decodeSparse(blob: Blob): SparseVector {
  const buffer = asBuffer(blob.bytes)
  const refuse = (why: string): Error => invalidValue(blob, `the sparse vector ${why}`)
  if (buffer.length < 16) throw refuse(`has only ${buffer.length} bytes`)
  const packed = readU64(buffer, 0)
  if (packed > buffer.length - 16) throw refuse(`claims ${packed} bytes of indices, it has ${buffer.length}`)
  const count = readU64(buffer, 8 + packed)
  if (buffer.length !== 16 + packed + 4 * count)
    throw refuse(`claims ${packed} bytes of indices and ${count} values, it has ${buffer.length} bytes`)
  const indices = unpackIndices(buffer.subarray(8, 8 + packed), count)
  if (typeof indices === 'string') throw refuse(indices)
  const values = new Float32Array(count)
  for (let i = 0; i < count; i++) values[i] = buffer.readFloatLE(16 + packed + 4 * i)
  const bad = values.find((value) => !Number.isFinite(value))
  if (bad !== undefined) throw refuse(`has a component ${bad}`)
  return { indices, values }
}

/** `count` ascending indices, or why there are none. */
function unpackIndices(packed: Buffer, count: number): Uint32Array | string {
  if (packed.length === 0) return count === 0 ? new Uint32Array(0) : `has ${count} values and no index`
  const width = (packed[0]! & (2 ** widthBits - 1)) + widthMin
  if (width > widthMax) return `has indices of ${width} bits`
  const held = Math.floor((8 * packed.length - widthBits) / width)
  if (held !== count) return `has ${held} indices and ${count} values`
  const indices = new Uint32Array(count)
  for (let i = 0, sum = 0; i < count; i++) {
    const difference = readBits(packed, widthBits + i * width, width)
    if (i > 0 && difference === 0) return `has index ${sum} twice`
    sum += difference
    if (sum > 0xffffffff) return `has an index beyond 2^32`
    indices[i] = sum
  }
  return indices
}

/** Up to 32 bits; five bytes hold them, wherever they begin. */
function readBits(buffer: Buffer, at: number, width: number): number {
  const first = Math.floor(at / 8)
  let value = 0
  for (let byte = Math.min(first + 5, buffer.length) - 1; byte >= first; byte--)
    value = value * 256 + buffer[byte]!
  return Math.floor(value / 2 ** (at % 8)) % 2 ** width
}
