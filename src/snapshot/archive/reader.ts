import { createHash } from 'node:crypto'
import { assert } from '../../runtime/assert.ts'
import { invalidArchive, invalidEntry } from './archive-error.ts'
import { ByteSource } from './byte-source.ts'
import { manifestBytesMax, manifestName, type ArchiveFile } from './format.ts'
import { isQdrantHeader } from './tar/qdrant-archive.ts'
import {
  decodeSignature,
  signatureBytesMax,
  signatureName,
  type ArchiveSignature,
} from './signature/signature.ts'
import { blockBytes, paddingBytes, trailingBytesMax } from './tar/tar-format.ts'
import { decodeTarHeader, type TarHeader } from './tar/tar-header.ts'

// Nothing of an archive is believed before it is checked:
//   - the first entry is the manifest, the second may be its signature; who trusts only signed ones decides there.
//   - the manifest decides which names, lengths and contents may follow.
//   - an entry's name and length are compared with the manifest before the first of its bytes is handed out.
//   - a body ends without an error only if its length and SHA-256 are those of the manifest.

export interface ArchiveHandler {
  /** Gives the files that must follow, in any order. May throw: then nothing more is read. */
  manifest(
    bytes: Uint8Array,
    signature: ArchiveSignature | undefined,
  ): Promise<readonly ArchiveFile[]> | readonly ArchiveFile[]
  /** Must read `body` to its end, which throws where the archive is damaged. */
  file(file: ArchiveFile, body: AsyncIterable<Uint8Array>): Promise<void>
}

export interface ArchiveLimits {
  /** Default 64 MiB. */
  readonly manifestBytesMax?: number
}

/**
 * Reads an archive in one pass, holding no more than the manifest and one chunk.
 * @throws archive-invalid naming the entry; what the handler and the source throw passes through
 */
export async function readArchive(
  source: AsyncIterable<Uint8Array> | ByteSource,
  handler: ArchiveHandler,
  limits: ArchiveLimits = {},
): Promise<void> {
  if (source instanceof ByteSource) return readEntries(source, handler, limits)
  const bytes = new ByteSource(source)
  try {
    await readEntries(bytes, handler, limits)
  } finally {
    await bytes.close()
  }
}

async function readEntries(bytes: ByteSource, handler: ArchiveHandler, limits: ArchiveLimits): Promise<void> {
  const { manifest, signature, next } = await readHead(bytes, limits)
  const files = new Map((await handler.manifest(manifest, signature)).map((file) => [file.name, file]))
  const missing = new Set(files.keys())
  for (let header = next; header !== undefined; header = await readHeader(bytes)) {
    const file = files.get(header.name)
    if (file === undefined) throw invalidEntry(header.name, 'the manifest does not list it')
    if (!missing.delete(header.name)) throw invalidEntry(header.name, 'it occurs twice')
    checkLength(header, file)
    await readFile(bytes, handler, file)
    await readPadding(bytes, header)
  }
  for (const name of missing) throw invalidEntry(name, 'the manifest lists it, but it is missing')
  await checkTrailing(bytes)
}

export interface ArchiveHead {
  readonly manifest: Uint8Array
  readonly signature: ArchiveSignature | undefined
  /** The entry as it stands. */
  readonly signatureBytes: Uint8Array | undefined
  /** What follows them; undefined at the archive's end. */
  readonly next: TarHeader | undefined
}

/** What comes before the files, up to and including the first of their headers. @throws archive-invalid */
export async function readHead(bytes: ByteSource, limits: ArchiveLimits = {}): Promise<ArchiveHead> {
  const first = await readFirstHeader(bytes)
  const manifest = await readSmall(bytes, first, limits.manifestBytesMax ?? manifestBytesMax)
  const next = await readHeader(bytes)
  if (next?.name !== signatureName) return { manifest, signature: undefined, signatureBytes: undefined, next }
  const signatureBytes = await readSmall(bytes, next, signatureBytesMax)
  const signature = decodeSignature(signatureBytes)
  return { manifest, signature, signatureBytes, next: await readHeader(bytes) }
}

async function readSmall(bytes: ByteSource, header: TarHeader, bytesMax: number): Promise<Uint8Array> {
  if (header.bytes > bytesMax) {
    throw invalidEntry(
      header.name,
      `it has ${header.bytes} bytes, more than the ${bytesMax} that are accepted`,
    )
  }
  const content = await bytes.read(header.bytes)
  if (content.byteLength < header.bytes) throw cutOff(bytes, header.name)
  await readPadding(bytes, header)
  return content
}

async function readFirstHeader(bytes: ByteSource): Promise<TarHeader> {
  const block = await readBlock(bytes)
  if (isQdrantHeader(block)) {
    throw invalidArchive('it is an archive of Qdrant, which is imported, and not read in place', {
      format: 'qdrant',
    })
  }
  const header = decodeTarHeader(block)
  if (header?.name === manifestName) return header
  const found = header === undefined ? 'missing' : header.name
  throw invalidArchive(`its first entry is ${found}, not ${manifestName}`)
}

async function readHeader(bytes: ByteSource): Promise<TarHeader | undefined> {
  return decodeTarHeader(await readBlock(bytes))
}

async function readBlock(bytes: ByteSource): Promise<Uint8Array> {
  const block = await bytes.read(blockBytes)
  if (block.byteLength < blockBytes) throw cutOff(bytes)
  return block
}

/** @throws archive-invalid */
export function checkLength(header: TarHeader, file: ArchiveFile): void {
  if (header.bytes === file.bytes) return
  throw invalidEntry(file.name, `it has ${header.bytes} bytes, the manifest says ${file.bytes}`)
}

async function readFile(bytes: ByteSource, handler: ArchiveHandler, file: ArchiveFile): Promise<void> {
  const state: BodyState = { isComplete: false, failure: undefined }
  try {
    await handler.file(file, readBody(bytes, file, state))
  } catch (error) {
    // A handler may wrap what its body threw; the caller wants to hear of the archive.
    throw state.failure ?? error
  }
  assert(state.isComplete, 'the handler of an archive reads every entry to its end')
}

interface BodyState {
  isComplete: boolean
  failure: unknown
}

async function* readBody(
  bytes: ByteSource,
  file: ArchiveFile,
  state: BodyState,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256')
  let missing = file.bytes
  try {
    while (missing > 0) {
      const chunk = await bytes.next(missing)
      if (chunk === undefined) throw cutOff(bytes, file.name)
      hash.update(chunk)
      missing -= chunk.byteLength
      yield chunk
    }
    const sha256 = hash.digest('hex')
    if (sha256 !== file.sha256) {
      throw invalidEntry(file.name, `its SHA-256 is ${sha256}, the manifest says ${file.sha256}`)
    }
    state.isComplete = true
  } catch (error) {
    state.failure = error
    throw error
  }
}

async function readPadding(bytes: ByteSource, header: TarHeader): Promise<void> {
  const length = paddingBytes(header.bytes)
  const padding = await bytes.read(length)
  if (padding.byteLength < length) throw cutOff(bytes, header.name)
  if (!isZero(padding)) throw invalidEntry(header.name, 'the bytes that fill its last block are not zero')
}

/** The second block of zeros, and the zeros with which other writers fill their last record. */
export async function checkTrailing(bytes: ByteSource): Promise<void> {
  if (!isZero(await readBlock(bytes))) throw invalidArchive('only one block of zeros ends it')
  const end = bytes.position
  for (;;) {
    const chunk = await bytes.next(trailingBytesMax)
    if (chunk === undefined) return
    if (!isZero(chunk)) throw invalidArchive('bytes follow its end')
    if (bytes.position - end > trailingBytesMax) {
      throw invalidArchive(`more than ${trailingBytesMax} zeros follow its end`)
    }
  }
}

function cutOff(bytes: ByteSource, entry?: string): Error {
  const why = `the archive is cut off after ${bytes.position} bytes`
  return entry === undefined ? invalidArchive(why.replace('the archive', 'it')) : invalidEntry(entry, why)
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
