import { asBuffer, readU64 } from '../../../../encoding/binary.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import { readRuns } from '../../read-runs.ts'
import type { EntryBytes } from '../../types.ts'
import type { SegmentFiles } from '../segment-files.ts'

const statusBytes = 16
/** Bits that lie so close together are read as they lie. */
const spanBytesMax = 64 * 1024

/**
 * The bits of a folder of flags: `status.dat` (u64 bits, u64 which file) and that file. Undefined if there is no such
 * folder.
 * @throws archive-invalid
 */
export async function openFlags(
  folder: SegmentFiles,
  slotCount: number,
  isExact: boolean,
): Promise<FlagBits | undefined> {
  const status = folder.find('status.dat')
  if (status === undefined) {
    if (folder.isEmpty) return undefined
    throw invalidEntry(`${folder.name}/status.dat`, 'it is missing')
  }
  if (status.bytes < statusBytes)
    throw invalidEntry(status.name, `it has ${status.bytes} bytes in the place of ${statusBytes}`)
  const head = asBuffer(await status.read(0, statusBytes))
  const bits = readU64(head, 0)
  const which = readU64(head, 8)
  if (which > 1) throw invalidEntry(status.name, `it names file ${which}: there are 0 and 1`)
  const flags = folder.get(which === 0 ? 'flags_a.dat' : 'flags_b.dat')
  if (isExact && bits > slotCount)
    throw invalidEntry(status.name, `it counts ${bits} bits, the segment has ${slotCount} slots`)
  if (Math.ceil(bits / 8) > flags.bytes)
    throw invalidEntry(flags.name, `it has ${flags.bytes} bytes, too few for ${bits} bits`)
  return new FlagBits(flags, 0, bits)
}

/** Says which slots have no vector. Bit i is byte i >> 3, bit i & 7; what lies beyond the count is unset. */
export class FlagBits {
  readonly #entry: EntryBytes
  readonly #at: number
  readonly #count: number

  constructor(entry: EntryBytes, at: number, count: number) {
    this.#entry = entry
    this.#at = at
    this.#count = count
  }

  /** 1 for each of these slots, which ascend, whose bit is set. */
  async of(slots: Uint32Array): Promise<Uint8Array> {
    const isSet = new Uint8Array(slots.length)
    const end = slots.findIndex((slot) => slot >= this.#count)
    const within = end === -1 ? slots : slots.subarray(0, end)
    if (within.length === 0) return isSet
    const first = within[0]! >>> 3
    const spanBytes = (within.at(-1)! >>> 3) - first + 1
    if (spanBytes <= spanBytesMax) {
      putBits(isSet, await this.#entry.read(this.#at + first, spanBytes), within, first)
      return isSet
    }
    const offsets = new Float64Array(within.length)
    for (let i = 0; i < offsets.length; i++) offsets[i] = this.#at + (within[i]! >>> 3)
    await readRuns(this.#entry, offsets, new Float64Array(offsets.length).fill(1), (index, run, at) => {
      isSet[index] = (run[at]! >> (within[index]! & 7)) & 1
    })
    return isSet
  }
}

/** `bytes` begin with the one of number `first`. */
function putBits(isSet: Uint8Array, bytes: Uint8Array, slots: Uint32Array, first: number): void {
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!
    isSet[i] = (bytes[(slot >>> 3) - first]! >> (slot & 7)) & 1
  }
}

/** Indices of the slots below `count` whose bit is not set. */
export async function presentAmong(
  slots: Uint32Array,
  count: number,
  absent: FlagBits | undefined,
): Promise<Uint32Array> {
  const isAbsent = await absent?.of(slots)
  const indices = new Uint32Array(slots.length)
  let found = 0
  for (let i = 0; i < slots.length && slots[i]! < count; i++) if (isAbsent?.[i] !== 1) indices[found++] = i
  return indices.subarray(0, found)
}
