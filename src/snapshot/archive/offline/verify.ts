import { createHash } from 'node:crypto'
import { DatabaseError } from '../../../errors/database-error.ts'
import { BaseArchives } from '../base/base-archives.ts'
import type { FileCandidate } from '../base/external-files.ts'
import { contentKey, type ArchiveFile } from '../format.ts'
import { bytesOf, type ArchiveInput } from './archive-file.ts'
import {
  checkArchiveOptions,
  checkRunning,
  openArchiveReader,
  type ArchiveReader,
  type OpenArchiveOptions,
} from './archive-reader.ts'

export interface VerifyArchiveOptions extends OpenArchiveOptions {
  /** Archives with what an incremental one leaves out; without any, that is not looked at. */
  readonly bases?: readonly ArchiveInput[] | undefined
  /** Bytes of entries that were read, and are to be read. */
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined
}

export interface ArchiveProblem {
  /** Name of the entry; empty where none is to blame. */
  readonly entry: string
  readonly why: string
}

export interface ArchiveReport {
  /** True if everything that was looked at is what the manifest states. */
  readonly ok: boolean
  /** All that is wrong, by the order of the archive; only the first if its structure is damaged. */
  readonly problems: readonly ArchiveProblem[]
  /** Entries that were read. */
  readonly files: number
  /** Bytes of entries that were read. */
  readonly bytes: number
  /** Files that are left to a base and were not looked at, as no base was given. */
  readonly unchecked: number
}

/**
 * Reads every byte of an archive and compares it with the manifest. Damage is no error but in the report, all of it.
 * @throws archive-not-found, archive-key-wrong, archive-untrusted, version-unsupported, cancelled, and archive-invalid if
 *   a base cannot be read at all
 */
export async function verifyArchive(
  input: ArchiveInput,
  options: VerifyArchiveOptions = {},
): Promise<ArchiveReport> {
  checkArchiveOptions(options)
  const source = await bytesOf(input)
  let reader: ArchiveReader
  try {
    reader = await openArchiveReader(source, options)
  } catch (error) {
    return { ok: false, problems: [problemOf(error, '')], files: 0, bytes: 0, unchecked: 0 }
  }
  const run = new Verification(reader, options)
  await run.checkEntries()
  const { external } = reader.manifest
  const areBasesGiven = options.bases !== undefined && options.bases.length > 0
  if (areBasesGiven) await run.checkExternal(external, options.bases)
  return run.report(areBasesGiven ? 0 : external.length)
}

class Verification {
  readonly #reader: ArchiveReader
  readonly #options: VerifyArchiveOptions
  readonly #problems: ArchiveProblem[] = []
  readonly #total: number
  #files = 0
  #bytes = 0

  constructor(reader: ArchiveReader, options: VerifyArchiveOptions) {
    this.#reader = reader
    this.#options = options
    const external = options.bases !== undefined && options.bases.length > 0 ? reader.manifest.external : []
    this.#total = [...reader.entries.values(), ...external].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  async checkEntries(): Promise<void> {
    for (const entry of this.#reader.entries.values()) {
      try {
        for await (const chunk of this.#reader.stream(entry)) this.#count(chunk)
      } catch (error) {
        this.#problems.push(problemOf(error, entry.name))
      }
      this.#files += 1
    }
  }

  async checkExternal(files: readonly ArchiveFile[], inputs: readonly ArchiveInput[]): Promise<void> {
    const bases = await Promise.all(inputs.map(bytesOf))
    const { decrypt, signal } = this.#options
    const candidates = await new BaseArchives(bases, { decrypt, signal }).find(files)
    for (const file of files) {
      const why = await this.#problemOfExternal(file, candidates.get(contentKey(file)) ?? [])
      if (why !== undefined) this.#problems.push({ entry: file.name, why: `it is left to the base: ${why}` })
      this.#files += 1
    }
  }

  report(unchecked: number): ArchiveReport {
    const problems = this.#problems
    return { ok: problems.length === 0, problems, files: this.#files, bytes: this.#bytes, unchecked }
  }

  /** Undefined if one of the candidates has the file's bytes. */
  async #problemOfExternal(
    file: ArchiveFile,
    candidates: readonly FileCandidate[],
  ): Promise<string | undefined> {
    let why = 'no given base has it'
    for (const candidate of candidates) {
      const hash = createHash('sha256')
      try {
        for await (const chunk of candidate.open()) {
          checkRunning(this.#options.signal)
          hash.update(chunk)
          this.#count(chunk)
        }
        if (hash.digest('hex') === file.sha256) return undefined
        why = `${candidate.from} has other bytes`
      } catch (error) {
        why = `${candidate.from}: ${problemOf(error, file.name).why}`
      }
    }
    return why
  }

  #count(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength
    this.#options.onProgress?.({ done: this.#bytes, total: this.#total })
  }
}

/** Damage is what is looked for; everything else ends the verification. */
function problemOf(error: unknown, entry: string): ArchiveProblem {
  if (!(error instanceof DatabaseError) || error.code !== 'archive-invalid') throw error
  const named = typeof error.details['entry'] === 'string' ? error.details['entry'] : entry
  const prefix = 'Cannot read archive: '
  const text = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message
  const ofEntry = `entry ${named}: `
  return { entry: named, why: text.startsWith(ofEntry) ? text.slice(ofEntry.length) : text }
}
