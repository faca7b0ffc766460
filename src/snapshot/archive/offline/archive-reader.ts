import { createHash } from 'node:crypto'
import { DatabaseError } from '../../../errors/database-error.ts'
import { checkMembers, type Members } from '../../../errors/known-members.ts'
import { readAll, type ArchiveBytes } from '../archive-bytes.ts'
import { invalidArchive, invalidEntry } from '../archive-error.ts'
import { ByteSource } from '../byte-source.ts'
import { decryptBytes, notEncrypted } from '../encryption/decrypt.ts'
import { encryptedMagic, isEncrypted } from '../encryption/format.ts'
import type { ArchiveSecret } from '../encryption/keys.ts'
import { manifestName, type ArchiveFile, type ArchiveManifest } from '../format.ts'
import { decodeArchiveManifest } from '../manifest-reader.ts'
import { checkLength, checkTrailing, readHead } from '../reader.ts'
import { checkSignature, signatureName, type ArchiveSignature } from '../signature/signature.ts'
import { blockBytes, memberBytes, paddingBytes } from '../tar/tar-format.ts'
import { decodeTarHeader } from '../tar/tar-header.ts'

export interface OpenArchiveOptions {
  /** For an encrypted archive; one that is not encrypted is refused then. */
  readonly decrypt?: ArchiveSecret | undefined
  /** Ed25519 public keys in PEM: an archive that none of them signed is refused before anything of it is used. */
  readonly trustedKeys?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

// Whoever has options for several functions gives them to each; but one that none of them knows would not be obeyed.
const ofReading: Members<OpenArchiveOptions & { readonly bases?: unknown; readonly onProgress?: unknown }> = {
  decrypt: true,
  trustedKeys: true,
  signal: true,
  bases: true,
  onProgress: true,
}

/** @throws request-invalid naming the member */
export function checkArchiveOptions(options: OpenArchiveOptions): void {
  checkMembers(options, ofReading, { cannot: 'Cannot read the archive', of: 'the options' })
}

export interface ReadEntry extends ArchiveFile {
  /** Where its first byte lies in the archive, once that is decrypted. */
  readonly offset: number
}

/** Says for every block of an archive what it is, without reading what is in its files. */
export class ArchiveReader {
  readonly manifest: ArchiveManifest
  readonly manifestBytes: Uint8Array
  readonly signature: ArchiveSignature | undefined
  readonly isEncrypted: boolean
  /** In the order of the archive, `manifest.json` included. */
  readonly entries: ReadonlyMap<string, ReadEntry>
  readonly #content: ArchiveBytes
  readonly #signal: AbortSignal | undefined

  constructor(parts: ArchiveParts, content: ArchiveBytes, signal: AbortSignal | undefined) {
    this.manifest = parts.manifest
    this.manifestBytes = parts.manifestBytes
    this.signature = parts.signature
    this.isEncrypted = parts.isEncrypted
    this.entries = parts.entries
    this.#content = content
    this.#signal = signal
  }

  /** Length of the archive, once it is decrypted. */
  get bytes(): number {
    return this.#content.bytes
  }

  /** An entry. @throws archive-not-found if the archive has none of this name */
  getEntry(name: string): ReadEntry {
    const entry = this.entries.get(name)
    if (entry !== undefined) return entry
    const isExternal = this.manifest.external.some((file) => file.name === name)
    const why = isExternal ? 'it is left to the base' : 'there is none of this name'
    throw new DatabaseError('archive-not-found', `Cannot read entry ${name} of the archive: ${why}`, {
      entry: name,
    })
  }

  /** Any part of an entry, not compared with its SHA-256. */
  streamPart(
    { offset }: ReadEntry,
    range: { readonly offset: number; readonly length: number },
  ): AsyncIterable<Uint8Array> {
    return this.#content.stream({ offset: offset + range.offset, length: range.length })
  }

  /**
   * A whole entry. Its last chunk comes only when the SHA-256 of all of them is right.
   * @throws archive-invalid, cancelled
   */
  async *stream(entry: ReadEntry): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256')
    let held: Uint8Array | undefined
    for await (const chunk of this.#content.stream({ offset: entry.offset, length: entry.bytes })) {
      checkRunning(this.#signal)
      hash.update(chunk)
      if (held !== undefined) yield held
      held = chunk
    }
    const sha256 = hash.digest('hex')
    if (sha256 !== entry.sha256)
      throw invalidEntry(entry.name, `its SHA-256 is ${sha256}, the manifest says ${entry.sha256}`)
    const padding = { offset: entry.offset + entry.bytes, length: paddingBytes(entry.bytes) }
    if ((await readAll(this.#content, padding)).some((byte) => byte !== 0))
      throw invalidEntry(entry.name, 'the bytes that fill its last block are not zero')
    if (held !== undefined) yield held
  }
}

interface ArchiveParts {
  readonly manifest: ArchiveManifest
  readonly manifestBytes: Uint8Array
  readonly signature: ArchiveSignature | undefined
  readonly isEncrypted: boolean
  readonly entries: ReadonlyMap<string, ReadEntry>
}

/**
 * Reads an archive's manifest and where its entries lie; their bytes are read when they are asked for.
 * @throws archive-invalid naming the entry, version-unsupported, archive-key-wrong, archive-untrusted, cancelled
 */
export async function openArchiveReader(
  source: ArchiveBytes,
  options: OpenArchiveOptions = {},
): Promise<ArchiveReader> {
  checkArchiveOptions(options)
  const { decrypt, trustedKeys, signal } = options
  const beginning = await readAll(source, { length: Math.min(encryptedMagic.byteLength, source.bytes) })
  const hasMagic = isEncrypted(beginning)
  if (!hasMagic && decrypt !== undefined) throw notEncrypted()
  const content = hasMagic ? await decryptBytes(source, decrypt) : source
  const bytes = new ByteSource(content.stream(), { signal })
  try {
    const head = await readHead(bytes)
    checkSignature(head.manifest, head.signature, trustedKeys)
    const manifest = decodeArchiveManifest(head.manifest)
    const entries = new Map<string, ReadEntry>()
    entries.set(manifestName, memoryEntry(manifestName, head.manifest, blockBytes))
    if (head.signatureBytes !== undefined) {
      const offset = memberBytes(head.manifest.byteLength) + blockBytes
      entries.set(signatureName, memoryEntry(signatureName, head.signatureBytes, offset))
    }
    await scan(content, manifest, bytes.position - blockBytes, entries, signal)
    const { signature, manifest: manifestBytes } = head
    return new ArchiveReader(
      { manifest, manifestBytes, signature, isEncrypted: hasMagic, entries },
      content,
      signal,
    )
  } finally {
    await bytes.close()
  }
}

function memoryEntry(name: string, content: Uint8Array, offset: number): ReadEntry {
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { name, bytes: content.byteLength, sha256, offset }
}

/** Goes from header to header. Entries may be in any order, each must be there once. */
async function scan(
  content: ArchiveBytes,
  manifest: ArchiveManifest,
  from: number,
  entries: Map<string, ReadEntry>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const files = new Map(manifest.files.map((file) => [file.name, file]))
  let at = from
  for (;;) {
    checkRunning(signal)
    if (at + blockBytes > content.bytes) throw invalidArchive(`it is cut off after ${content.bytes} bytes`)
    const header = decodeTarHeader(await readAll(content, { offset: at, length: blockBytes }))
    at += blockBytes
    if (header === undefined) break
    const file = files.get(header.name)
    if (file === undefined) throw invalidEntry(header.name, 'the manifest does not list it')
    if (entries.has(header.name)) throw invalidEntry(header.name, 'it occurs twice')
    checkLength(header, file)
    entries.set(header.name, { ...file, offset: at })
    at += file.bytes + paddingBytes(file.bytes)
    if (at > content.bytes)
      throw invalidEntry(header.name, `the archive is cut off after ${content.bytes} bytes`)
  }
  for (const name of files.keys())
    if (!entries.has(name)) throw invalidEntry(name, 'the manifest lists it, but it is missing')
  await checkTrailing(new ByteSource(content.stream({ offset: at })))
}

export function checkRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new DatabaseError('cancelled', 'Cannot read on: the operation was cancelled', {}, signal.reason)
}
