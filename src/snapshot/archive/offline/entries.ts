import { bytesOf, type ArchiveInput } from './archive-file.ts'
import { checkArchiveOptions, openArchiveReader, type OpenArchiveOptions } from './archive-reader.ts'

export interface ListedEntry {
  readonly name: string
  readonly bytes: number
  /** Lower-case hex; as the manifest says, not computed. */
  readonly sha256: string
  /** Where its first byte lies in the archive, once that is decrypted; null for what is left to the base. */
  readonly offset: number | null
}

/**
 * The entries of an archive in their order, then what it leaves to its base.
 * @throws archive-not-found, archive-invalid, archive-key-wrong, archive-untrusted, version-unsupported
 */
export async function listArchive(
  input: ArchiveInput,
  options: OpenArchiveOptions = {},
): Promise<readonly ListedEntry[]> {
  checkArchiveOptions(options)
  const { entries, manifest } = await openArchiveReader(await bytesOf(input), options)
  return [
    ...[...entries.values()].map(({ name, bytes, sha256, offset }) => ({ name, bytes, sha256, offset })),
    ...manifest.external.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256, offset: null })),
  ]
}

/**
 * One entry's bytes. The last of them come only when all have the SHA-256 of the manifest.
 * @throws archive-not-found (the archive, or an entry of this name), and what `listArchive` throws
 */
export async function* catArchiveEntry(
  input: ArchiveInput,
  name: string,
  options: OpenArchiveOptions = {},
): AsyncGenerator<Uint8Array> {
  checkArchiveOptions(options)
  const reader = await openArchiveReader(await bytesOf(input), options)
  yield* reader.stream(reader.getEntry(name))
}
