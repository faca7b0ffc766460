import { invalidEntry } from '../../archive/archive-error.ts'
import { blockBytes, paddingBytes, trailingBytesMax } from '../../archive/tar/tar-format.ts'
import type { ClaimBudget } from '../limits.ts'
import type { EntryBytes } from '../types.ts'
import { nameBytesMax, printableName, readName } from './entry-name.ts'
import {
  decodeExtension,
  decodeGnuHeader,
  isZero,
  upToNul,
  type GnuHeader,
  type Stretch,
} from './gnu-header.ts'
import { plainEntry, sparseEntry } from './tar-entry.ts'
import { HeaderWindow } from './header-window.ts'

// Invariants of an index:
//   - every file lies inside its tar; a sparse one's stretches ascend, do not overlap and fill what is stored.
//   - no name stands twice.
//   - behind the first block of zeros there are only zeros: a wiped header would hide the rest otherwise.

export interface TarIndex {
  /** By name inside the tar, in the order of the tar. */
  readonly files: ReadonlyMap<string, EntryBytes>
  /** Names without the slash behind them. */
  readonly folders: ReadonlySet<string>
}

export interface TarIndexOptions {
  /** Before the names of entries, in messages: empty, or ends with a slash. */
  readonly prefix: string
  readonly budget: ClaimBudget
  /** Whether it may stop behind an entry, as tars of segments do. */
  readonly mayEndBare: boolean
}

/**
 * Finds the files of a tar. Reads its headers and what follows its end only.
 * @throws archive-invalid
 */
export async function indexTar(tar: EntryBytes, options: TarIndexOptions): Promise<TarIndex> {
  return new TarIndexer(tar, options).index()
}

class TarIndexer {
  readonly #tar: EntryBytes
  readonly #options: TarIndexOptions
  readonly #window: HeaderWindow
  readonly #files = new Map<string, EntryBytes>()
  readonly #folders = new Set<string>()
  #at = 0
  /** Body of an `L` entry, for the entry behind it. */
  #longName: Uint8Array | undefined

  constructor(tar: EntryBytes, options: TarIndexOptions) {
    this.#tar = tar
    this.#options = options
    this.#window = new HeaderWindow(tar)
  }

  async index(): Promise<TarIndex> {
    for (;;) {
      const left = this.#tar.bytes - this.#at
      if (left === 0 && this.#options.mayEndBare) break
      if (left < blockBytes)
        throw this.#cutOff(left === 0 ? 'it ends without its end mark' : 'it ends inside a header')
      const start = this.#at
      const header = decodeGnuHeader(
        await this.#window.block(start),
        (name) => `${this.#options.prefix}${name} (header at byte ${start})`,
      )
      this.#at += blockBytes
      if (header === undefined) {
        await this.#checkEnd()
        break
      }
      await this.#take(header, start)
    }
    if (this.#longName !== undefined) throw this.#cutOff('it ends behind a long name')
    return { files: this.#files, folders: this.#folders }
  }

  async #take(header: GnuHeader, start: number): Promise<void> {
    if (header.type === 'long-name') return this.#takeLongName(header, start)
    const raw = this.#longName
    this.#longName = undefined
    const read = raw === undefined ? header.name : readName(raw)
    if ('problem' in read) {
      const shown = raw === undefined ? `at byte ${start}` : printableName(raw)
      throw this.#invalid(shown, `its name cannot be accepted: ${read.problem}`, start)
    }
    const { name } = read
    const stretches = await this.#stretches(header, name, start)
    this.#options.budget.claim(header.realBytes)
    const bodyAt = this.#at
    this.#skip(header.storedBytes, name, start)
    if (name === '') {
      if (header.type === 'folder') return
      throw this.#invalid(`at byte ${start}`, 'it is a file without a name', start)
    }
    if (this.#files.has(name) || this.#folders.has(name))
      throw this.#invalid(name, 'it is there twice', start)
    if (header.type === 'folder') {
      this.#folders.add(name)
      return
    }
    const shown = this.#options.prefix + name
    const entry =
      stretches === undefined
        ? plainEntry(shown, this.#tar, bodyAt, header.realBytes)
        : sparseEntry(shown, this.#tar, bodyAt, header.realBytes, stretches)
    this.#files.set(name, entry)
  }

  async #takeLongName({ storedBytes }: GnuHeader, start: number): Promise<void> {
    const shown = `at byte ${start}`
    if (this.#longName !== undefined) throw this.#invalid(shown, 'two long names follow each other', start)
    if (storedBytes === 0 || storedBytes > nameBytesMax)
      throw this.#invalid(shown, `its long name has ${storedBytes} bytes`, start)
    this.#options.budget.claim(storedBytes)
    const bodyAt = this.#at
    this.#skip(storedBytes, shown, start)
    this.#longName = upToNul(await this.#tar.read(bodyAt, storedBytes))
  }

  /** Those of a sparse file, checked; undefined for others. Steps over the blocks that hold the rest of the map. */
  async #stretches(header: GnuHeader, name: string, start: number): Promise<readonly Stretch[] | undefined> {
    if (header.type !== 'sparse') return undefined
    const stretches = [...header.stretches]
    for (let isExtended = header.isExtended; isExtended;) {
      if (this.#tar.bytes - this.#at < blockBytes)
        throw this.#invalid(name, 'the archive ends inside its map', start)
      const more = decodeExtension(await this.#window.block(this.#at))
      if (more === undefined) throw this.#invalid(name, 'its map of a sparse file is damaged', this.#at)
      this.#at += blockBytes
      stretches.push(...more.stretches)
      isExtended = more.isExtended
    }
    let end = 0
    let stored = 0
    for (const { offset, bytes } of stretches) {
      if (offset < end || offset + bytes > header.realBytes)
        throw this.#invalid(
          name,
          `its stretch of ${bytes} bytes at ${offset} overlaps or lies outside`,
          start,
        )
      end = offset + bytes
      stored += bytes
    }
    if (stored === header.storedBytes) return stretches.filter(({ bytes }) => bytes > 0)
    throw this.#invalid(
      name,
      `its stretches have ${stored} bytes, its header says ${header.storedBytes}`,
      start,
    )
  }

  /** Over a body and the zeros that fill its last block, which may be missing at the very end. */
  #skip(bytes: number, name: string, start: number): void {
    const left = this.#tar.bytes - this.#at
    if (bytes > left) {
      throw this.#invalid(
        name,
        `it should have ${bytes} bytes, the archive ends after ${left} of them`,
        start,
      )
    }
    this.#at = Math.min(this.#tar.bytes, this.#at + bytes + paddingBytes(bytes))
  }

  async #checkEnd(): Promise<void> {
    const left = this.#tar.bytes - this.#at
    if (left > trailingBytesMax)
      throw this.#invalid(`at byte ${this.#at}`, `${left} bytes follow the end mark`, this.#at)
    if (isZero(await this.#tar.read(this.#at, left))) return
    const why = 'something other than zeros follows the end mark: a header was wiped out'
    throw this.#invalid(`behind byte ${this.#at}`, why, this.#at)
  }

  #invalid(name: string, why: string, offset: number): Error {
    return invalidEntry(this.#options.prefix + name, `${why} (at byte ${offset} of ${this.#tar.name})`, {
      offset,
    })
  }

  #cutOff(why: string): Error {
    return invalidEntry(this.#tar.name, `${why}, at byte ${this.#at}`, { offset: this.#at })
  }
}
