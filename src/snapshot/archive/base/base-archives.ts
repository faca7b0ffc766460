import type { ArchiveBytes } from '../archive-bytes.ts'
import { encryptedMagic, isEncrypted } from '../encryption/format.ts'
import { readAll } from '../archive-bytes.ts'
import { contentKey, type ArchiveFile } from '../format.ts'
import { openArchiveReader, type ArchiveReader, type OpenArchiveOptions } from '../offline/archive-reader.ts'
import type { ByteRange } from '../layout.ts'
import type { FileCandidate, FileCandidates, FileFinder } from './external-files.ts'

export interface ArchiveCandidate extends FileCandidate {
  /** Any part, not compared with a SHA-256. */
  part(range: ByteRange): AsyncIterable<Uint8Array>
}

/** Looks for contents in archives, which may be incremental themselves. */
export class BaseArchives implements FileFinder<ArchiveCandidate> {
  readonly #sources: readonly ArchiveBytes[]
  readonly #options: OpenArchiveOptions

  /** Of the options' secret, those archives make use that are encrypted. */
  constructor(sources: readonly ArchiveBytes[], options: Omit<OpenArchiveOptions, 'trustedKeys'> = {}) {
    this.#sources = sources
    this.#options = options
  }

  /** @throws archive-invalid, archive-key-wrong if a base cannot be read */
  async find(files: readonly ArchiveFile[]): Promise<FileCandidates<ArchiveCandidate>> {
    const found = new Map<string, ArchiveCandidate[]>()
    const wanted = new Set(files.map(contentKey))
    if (wanted.size === 0) return found
    for (const [index, source] of this.#sources.entries()) {
      const reader = await this.#open(source)
      const from = `base ${index + 1} (snapshot "${reader.manifest.snapshot.name}")`
      for (const entry of reader.entries.values()) {
        const key = contentKey(entry)
        if (!wanted.has(key)) continue
        const candidate = {
          from,
          open: () => reader.stream(entry),
          part: (range: ByteRange) => reader.streamPart(entry, range),
        }
        found.set(key, [...(found.get(key) ?? []), candidate])
      }
    }
    return found
  }

  // Not signed for sure, and need not be: what is taken is compared with the manifest of the archive that is restored.
  async #open(source: ArchiveBytes): Promise<ArchiveReader> {
    const beginning = await readAll(source, { length: Math.min(encryptedMagic.byteLength, source.bytes) })
    const { decrypt, signal } = this.#options
    return openArchiveReader(source, { signal, ...(isEncrypted(beginning) ? { decrypt } : {}) })
  }
}
