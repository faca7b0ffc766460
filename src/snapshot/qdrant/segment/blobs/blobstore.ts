import { asBuffer } from '../../../../encoding/binary.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import type { JsonField } from '../../../json-field.ts'
import { valueBytesMax } from '../../limits.ts'
import { readPieces } from '../../entry-bytes.ts'
import { readRuns } from '../../read-runs.ts'
import type { EntryBytes } from '../../types.ts'
import type { SegmentFiles } from '../segment-files.ts'
import type { BlockMemory, LocatedValues, SlotColumn } from '../slot-column.ts'

// Values of any length: `tracker.dat` says for each slot where its value begins in which page, and how long it is.

export type Compression = 'LZ4' | 'None'

const trackerHead = 4
/** u32 tag (0 none, 1 some), u32 page, u32 block, u32 length. */
const pointerBytes = 16

export interface Blobstore {
  readonly compression: Compression
  /** Slots from here on have no value. */
  readonly slotsEnd: number
  readonly values: SlotColumn<ReadBlobs>
}

export interface Blob {
  readonly bytes: Uint8Array
  /** The page where it begins. */
  readonly entry: EntryBytes
  readonly offset: number
}

/** Blobs of some slots, without an object for each. */
export class ReadBlobs {
  readonly #runs: readonly (Uint8Array | undefined)[]
  readonly #ats: Float64Array
  readonly #starts: Float64Array
  readonly #lengths: Float64Array
  readonly #pages: readonly EntryBytes[]
  readonly #pageBytes: number

  constructor(parts: {
    /** What was read at once, in which the blob lies from `ats` on. */
    readonly runs: readonly (Uint8Array | undefined)[]
    readonly ats: Float64Array
    /** Where it lies in all pages. */
    readonly starts: Float64Array
    readonly lengths: Float64Array
    readonly pages: readonly EntryBytes[]
    readonly pageBytes: number
  }) {
    this.#runs = parts.runs
    this.#ats = parts.ats
    this.#starts = parts.starts
    this.#lengths = parts.lengths
    this.#pages = parts.pages
    this.#pageBytes = parts.pageBytes
  }

  get count(): number {
    return this.#runs.length
  }

  /** What the blob is a part of; undefined if there is none. */
  runOf(index: number): Uint8Array | undefined {
    return this.#runs[index]
  }

  /** Where it begins in its run. */
  startOf(index: number): number {
    return this.#ats[index]!
  }

  /** Its length in bytes. */
  lengthOf(index: number): number {
    return this.#lengths[index]!
  }

  at(index: number): Blob | undefined {
    const at = this.#ats[index]!
    const bytes = this.#runs[index]?.subarray(at, at + this.#lengths[index]!)
    if (bytes === undefined) return undefined
    const start = this.#starts[index]!
    const entry = this.#pages[Math.floor(start / this.#pageBytes)]!
    return { bytes, entry, offset: start % this.#pageBytes }
  }
}

/** @throws archive-invalid */
export async function openBlobstore(folder: SegmentFiles): Promise<Blobstore> {
  const config = await folder.json('config.json')
  const mode = config.member('mode')
  if (!mode.isAbsent && mode.text() !== 'mutable')
    throw mode.fail(`is ${JSON.stringify(mode.text())}: only "mutable" is known`)
  const compression = compressionOf(config.member('compression'))
  const blockBytes = config.member('block_size_bytes').count(1, 2 ** 31)
  const pageBytes = config.member('page_size_bytes').count(blockBytes, 2 ** 40)
  if (pageBytes % blockBytes !== 0)
    throw config.member('page_size_bytes').fail(`is not a multiple of ${blockBytes}, the size of a block`)
  const pages: EntryBytes[] = []
  for (let at = 0; ; at++) {
    const page = folder.find(`page_${at}.dat`)
    if (page === undefined) break
    if (page.bytes !== pageBytes)
      throw invalidEntry(page.name, `it has ${page.bytes} bytes, config.json says ${pageBytes}`)
    pages.push(page)
  }
  const tracker = folder.get('tracker.dat')
  if (tracker.bytes < trackerHead) throw invalidEntry(tracker.name, 'it ends inside its head')
  const slotsEnd = asBuffer(await tracker.read(0, trackerHead)).readUInt32LE(0)
  if (trackerHead + slotsEnd * pointerBytes > tracker.bytes)
    throw invalidEntry(tracker.name, `it claims ${slotsEnd} slots in ${tracker.bytes} bytes`)
  const values = new BlobColumn({ tracker, slotsEnd, pages, pageBytes, blockBytes })
  return { compression, slotsEnd, values }
}

/** Which is LZ4 where nothing is said. */
function compressionOf(field: JsonField): Compression {
  return field.isAbsent ? 'LZ4' : field.oneOf(['LZ4', 'None'])
}

interface BlobFiles {
  readonly tracker: EntryBytes
  readonly slotsEnd: number
  readonly pages: readonly EntryBytes[]
  readonly pageBytes: number
  readonly blockBytes: number
}

class BlobColumn implements SlotColumn<ReadBlobs> {
  readonly #files: BlobFiles

  constructor(files: BlobFiles) {
    this.#files = files
  }

  async locate(slots: Uint32Array): Promise<LocatedValues<ReadBlobs>> {
    const { tracker, slotsEnd } = this.#files
    // Where in all pages, one behind the other; -1 for none.
    const starts = new Float64Array(slots.length).fill(-1)
    const lengths = new Float64Array(slots.length)
    const end = slots.findIndex((slot) => slot >= slotsEnd)
    const within = end === -1 ? slots : slots.subarray(0, end)
    const offsets = new Float64Array(within.length)
    for (let i = 0; i < offsets.length; i++) offsets[i] = trackerHead + within[i]! * pointerBytes
    const bytes = new Float64Array(offsets.length).fill(pointerBytes)
    let last: Uint8Array | undefined
    let buffer = Buffer.alloc(0) as Buffer
    await readRuns(tracker, offsets, bytes, (index, run, at) => {
      if (run !== last) buffer = asBuffer(run)
      last = run
      const found = this.#pointer(buffer, at, offsets[index]!)
      if (found === undefined) return
      starts[index] = found.start
      lengths[index] = found.length
    })
    return {
      bytesAt: (index) => lengths[index]!,
      read: (from, to, memory) => this.#read(starts.subarray(from, to), lengths.subarray(from, to), memory),
    }
  }

  #pointer(buffer: Buffer, at: number, offset: number): { start: number; length: number } | undefined {
    const { tracker, pages, pageBytes, blockBytes } = this.#files
    const tag = buffer.readUInt32LE(at)
    if (tag === 0) return undefined
    const page = buffer.readUInt32LE(at + 4)
    const block = buffer.readUInt32LE(at + 8)
    const length = buffer.readUInt32LE(at + 12)
    const refuse = (why: string): Error =>
      invalidEntry(tracker.name, `the pointer at byte ${offset} ${why}`, { offset })
    if (tag !== 1) throw refuse(`has the unknown tag ${tag}`)
    const start = page * pageBytes + block * blockBytes
    if (page >= pages.length || block * blockBytes >= pageBytes || start + length > pages.length * pageBytes)
      throw refuse(`leads to ${length} bytes in block ${block} of page ${page}, which are not there`)
    if (length > valueBytesMax)
      throw refuse(`leads to ${length} bytes, more than the ${valueBytesMax} of a value`)
    return { start, length }
  }

  async #read(
    starts: Float64Array,
    lengths: Float64Array,
    memory: BlockMemory | undefined,
  ): Promise<ReadBlobs> {
    const { pageBytes, pages } = this.#files
    const runs = new Array<Uint8Array | undefined>(starts.length).fill(undefined)
    const ats = new Float64Array(starts.length)
    const present = new Uint32Array(starts.length)
    const offsets = new Float64Array(starts.length)
    const bytes = new Float64Array(starts.length)
    let count = 0
    for (let index = 0; index < starts.length; index++) {
      if (starts[index]! < 0) continue
      present[count] = index
      offsets[count] = starts[index]!
      bytes[count++] = lengths[index]!
    }
    // Mostly they lie together, and are read at once.
    let left = memory
    const source = {
      read: (offset: number, length: number) => {
        const into = left?.take(this, length)
        left = undefined
        // A value may run on into the next page.
        return readPieces(pages, pageBytes, offset, length, into)
      },
    }
    await readRuns(source, offsets.subarray(0, count), bytes.subarray(0, count), (place, run, at) => {
      const index = present[place]!
      runs[index] = run
      ats[index] = at
    })
    return new ReadBlobs({ runs, ats, starts, lengths, pages, pageBytes })
  }
}
