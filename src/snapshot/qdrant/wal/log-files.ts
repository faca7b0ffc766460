import { crc32c } from '../../../encoding/crc32c.ts'
import { parseJson } from '../../../encoding/json.ts'
import { yieldToEventLoop } from '../../../runtime/yield.ts'
import { invalidEntry } from '../../archive/archive-error.ts'
import type { EntryBytes } from '../types.ts'

// The files of a shard's `wal/`: `closed-<first entry>` and `open-<n>`. All integers are little-endian.
//
//   0  4  "wal", 0
//   4  4  seed: the checksum before the first
//   8  …  entries: u64 length, data, zeros, u32 checksum; as many zeros as make it a multiple of 8
//
// A checksum goes on from the one before it, so that no entry can be missing between two. What follows the last entry is
// zeros, or what an earlier log left there.

const headerBytes = 8
const lengthBytes = 8
const checksumBytes = 4
const entryBytesMin = 16
/** Of some entries: what is read once more, as an entry reaches beyond it, is little. */
const windowBytes = 8 * 1024 * 1024

export interface WalLimits {
  /** Of one entry. Default 256 MiB. */
  readonly entryBytesMax?: number
}

const entryBytesMaxDefault = 256 * 1024 * 1024

export interface WalEntry {
  /** Its number in the log. */
  readonly index: number
  readonly file: string
  /** Of its data in the file. */
  readonly offset: number
  readonly data: Uint8Array
}

interface LogFile {
  readonly entry: EntryBytes
  readonly number: number
}

/** Memory that windows are read into, one after the other. */
class WindowMemory {
  #bytes = new Uint8Array(0)

  /** Good until it is asked for again. */
  of(length: number): Uint8Array {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length)
    return this.#bytes
  }
}

/** The entries that are to be replayed, in their order. The data of one is good until the next is asked for. @throws archive-invalid */
export async function* readLogFiles(
  files: ReadonlyMap<string, EntryBytes>,
  limits: WalLimits = {},
  onTorn: (file: string, offset: number) => void = () => undefined,
): AsyncGenerator<WalEntry> {
  const closed: LogFile[] = []
  const open: LogFile[] = []
  for (const [name, entry] of files) {
    const match = /^(closed|open)-(\d{1,16})$/.exec(name)
    if (match !== null) (match[1] === 'closed' ? closed : open).push({ entry, number: Number(match[2]) })
    else if (name !== firstIndexName && !/^(?:tmp-|\.)/.test(name))
      throw invalidEntry(entry.name, 'it is no file of a write-ahead log')
  }
  for (const list of [closed, open]) list.sort((a, b) => a.number - b.number)
  const from = await readFirstIndex(files.get(firstIndexName))
  const memory = new WindowMemory()
  let next = closed[0]?.number ?? 0
  for (const { entry, number, isClosed } of [
    ...closed.map((file) => ({ ...file, isClosed: true })),
    ...open.map((file) => ({ ...file, isClosed: false })),
  ]) {
    if (isClosed && number !== next)
      throw invalidEntry(entry.name, `the files before it end at entry ${next}`, { expected: next })
    const entryBytesMax = limits.entryBytesMax ?? entryBytesMaxDefault
    const reader = new LogFileReader({ entry, isClosed, memory }, entryBytesMax, onTorn)
    for await (const { data, offset } of reader.entries()) {
      if (next >= from) yield { index: next, file: entry.name, offset, data }
      next += 1
    }
  }
  const isEmpty = closed.length + open.length === 0
  if (from > next && !isEmpty)
    throw invalidEntry(files.get(firstIndexName)!.name, `the log ends at entry ${next}, before ${from}`)
}

const firstIndexName = 'first-index'

async function readFirstIndex(entry: EntryBytes | undefined): Promise<number> {
  if (entry === undefined) return 0
  const refuse = (): Error => invalidEntry(entry.name, 'it does not hold {"ack_index":…}')
  if (entry.bytes > 1024) throw refuse()
  const bytes = await entry.read(0, entry.bytes)
  let value: unknown
  try {
    value = parseJson(bytes)
  } catch {
    // What the parser says of it does not matter.
    throw refuse()
  }
  const index =
    typeof value === 'object' && value !== null ? (value as { ack_index?: unknown }).ack_index : undefined
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) throw refuse()
  return index
}

/** Where an entry would begin, and the checksum that it goes on from. */
interface Next {
  readonly at: number
  readonly previous: number
}

class LogFileReader {
  readonly #entry: EntryBytes
  readonly #isClosed: boolean
  readonly #memory: WindowMemory
  readonly #entryBytesMax: number
  readonly #onTorn: (file: string, offset: number) => void
  #window: Buffer = Buffer.alloc(0)
  #windowStart = 0

  constructor(
    {
      entry,
      isClosed,
      memory,
    }: { readonly entry: EntryBytes; readonly isClosed: boolean; readonly memory: WindowMemory },
    entryBytesMax: number,
    onTorn: (file: string, offset: number) => void,
  ) {
    this.#entry = entry
    this.#isClosed = isClosed
    this.#memory = memory
    this.#entryBytesMax = entryBytesMax
    this.#onTorn = onTorn
  }

  async *entries(): AsyncGenerator<{ readonly data: Uint8Array; readonly offset: number }> {
    const { bytes, name } = this.#entry
    if (bytes < headerBytes) throw invalidEntry(name, 'it is too short for the head of a log file')
    const head = await this.#read(0, headerBytes)
    if (head.toString('latin1', 0, 4) !== 'wal\0')
      throw invalidEntry(name, 'it does not begin with "wal"', { offset: 0 })
    let previous = head.readUInt32LE(4)
    let at = headerBytes
    for (;;) {
      const found = await this.#entryAt(at, previous)
      if (found.kind === 'none') {
        if (found.stored !== 0) await this.#refuseDamage(at, found.next)
        return
      }
      yield { data: found.data, offset: at + lengthBytes }
      previous = found.checksum
      at += found.whole
    }
  }

  /** `stored`: what stands where the checksum should; 0 at the ordinary end. */
  async #entryAt(
    at: number,
    previous: number,
  ): Promise<
    | { readonly kind: 'none'; readonly stored: number; readonly next?: Next }
    | { readonly kind: 'entry'; readonly data: Uint8Array; readonly checksum: number; readonly whole: number }
  > {
    if (this.#entry.bytes - at < entryBytesMin) return { kind: 'none', stored: 0 }
    const length = lengthAt(await this.#read(at, lengthBytes), 0)
    const whole = wholeBytes(length)
    if (!(whole <= this.#entry.bytes - at)) return { kind: 'none', stored: -1 }
    if (length > this.#entryBytesMax)
      throw invalidEntry(
        this.#entry.name,
        `an entry has ${length} bytes, more than the ${this.#entryBytesMax} that are accepted`,
        { offset: at },
      )
    const read = await this.#read(at, whole)
    const end = whole - checksumBytes
    const stored = read.readUInt32LE(end)
    const checksum = checksumOf(read.subarray(0, end), previous)
    if (stored !== checksum) return { kind: 'none', stored, next: { at: at + whole, previous: checksum } }
    return { kind: 'entry', data: read.subarray(lengthBytes, lengthBytes + length), checksum, whole }
  }

  /** Like a log of ours: the last write may be torn, but nothing valid follows it. */
  async #refuseDamage(at: number, next: Next | undefined): Promise<void> {
    const { name } = this.#entry
    if (this.#isClosed) throw invalidEntry(name, 'the checksum of an entry is wrong', { offset: at })
    // It may be the stored checksum that is wrong: then the next entry goes on from the right one.
    const isFollowed = next !== undefined && (await this.#entryAt(next.at, next.previous)).kind === 'entry'
    const later = isFollowed ? next.at : await this.#findEntryAfter(at)
    if (later !== undefined) {
      const why = `the checksum of an entry is wrong, and entries follow it at ${later}`
      throw invalidEntry(name, why, { offset: at })
    }
    this.#onTorn(name, at)
  }

  /** Entries begin at multiples of 8 and go on from the checksum before them. */
  async #findEntryAfter(start: number): Promise<number | undefined> {
    const { bytes, name } = this.#entry
    // What is hashed in vain is bounded: a file could be made of lengths that all reach to its end.
    let budget = 2 * bytes + windowBytes
    for (let at = start + entryBytesMin; at + entryBytesMin <= bytes; at += 8) {
      const head = await this.#read(at - checksumBytes, checksumBytes + lengthBytes)
      const length = lengthAt(head, checksumBytes)
      const whole = wholeBytes(length)
      const previous = head.readUInt32LE(0)
      if (length === 0 || !(whole <= bytes - at) || length > this.#entryBytesMax) continue
      if ((budget -= whole) < 0)
        throw invalidEntry(name, 'the checksum of an entry is wrong', { offset: start })
      const read = await this.#read(at, whole)
      const end = whole - checksumBytes
      const stored = read.readUInt32LE(end)
      if (stored !== 0 && stored === checksumOf(read.subarray(0, end), previous)) return at
    }
    return undefined
  }

  /** Out of a window, so that small entries cost no read each. What is given is good until the next read. */
  async #read(offset: number, length: number): Promise<Buffer> {
    const start = offset - this.#windowStart
    if (start < 0 || start + length > this.#window.byteLength) {
      const wanted = Math.min(Math.max(length, windowBytes), this.#entry.bytes - offset)
      const bytes = await this.#entry.read(offset, wanted, this.#memory.of(wanted))
      this.#window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      this.#windowStart = offset
      // Storage in memory answers at once: others get their turn here.
      await yieldToEventLoop()
      return this.#window.subarray(0, length)
    }
    return this.#window.subarray(start, start + length)
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at)
}

/** With length, padding and checksum; beyond 2^53 it is no number that fits anywhere. */
export function wholeBytes(length: number): number {
  const padding = length > Number.MAX_SAFE_INTEGER ? 0 : (4 - (length % 8) + 8) % 8
  return lengthBytes + length + padding + checksumBytes
}

/** Of length, data and padding; `previous` is the checksum of the entry before. */
export function checksumOf(bytes: Uint8Array, previous: number): number {
  return crc32c(bytes, ~reverseBits(previous) >>> 0)
}

function reverseBits(word: number): number {
  let bits = word
  bits = ((bits >>> 1) & 0x55555555) | ((bits & 0x55555555) << 1)
  bits = ((bits >>> 2) & 0x33333333) | ((bits & 0x33333333) << 2)
  bits = ((bits >>> 4) & 0x0f0f0f0f) | ((bits & 0x0f0f0f0f) << 4)
  bits = ((bits >>> 8) & 0x00ff00ff) | ((bits & 0x00ff00ff) << 8)
  return ((bits >>> 16) | (bits << 16)) >>> 0
}
