import { DatabaseError } from '../../../errors/database-error.ts'
import { readAll, resolveRange, type ArchiveBytes } from '../archive-bytes.ts'
import { invalidArchive } from '../archive-error.ts'
import { ByteSource } from '../byte-source.ts'
import type { ByteRange } from '../layout.ts'
import { ChunkCipher, checkHeaderMac } from './chunk-cipher.ts'
import {
  chunkBytes,
  chunkCount,
  chunkOffset,
  chunkOverheadBytes,
  decodeHeader,
  encryptedBytes,
  headerBytes,
  plainChunkBytes,
  scryptCostDefault,
  type EncryptionHeader,
} from './format.ts'
import { fileKeysOf, keyIdOf, kindOf, masterOf, type ArchiveSecret } from './keys.ts'

/**
 * The archive inside an encrypted one, in one pass; each chunk is checked before any of its bytes is handed out.
 * @throws archive-key-wrong, archive-invalid naming the chunk, and what the source throws
 */
export async function* decryptStream(
  source: ByteSource,
  secret: ArchiveSecret | undefined,
): AsyncGenerator<Uint8Array> {
  const { header, cipher } = await openHeader(await source.read(headerBytes), secret)
  const count = chunkCount(header.plainBytes)
  for (let index = 0; index < count; index++) {
    const length = plainChunkBytes(index, header.plainBytes) + chunkOverheadBytes
    const sealed = await source.read(length)
    if (sealed.byteLength < length) throw cutOff(cipher, index)
    yield cipher.open(index, sealed)
  }
  if ((await source.next(1)) !== undefined) throw invalidArchive('bytes follow its last encrypted chunk')
}

/** The archive inside an encrypted one, of which any range can be read. @throws as `decryptStream` */
export async function decryptBytes(
  source: ArchiveBytes,
  secret: ArchiveSecret | undefined,
): Promise<ArchiveBytes> {
  const beginning = await readAll(source, { length: Math.min(headerBytes, source.bytes) })
  const { header, cipher } = await openHeader(beginning, secret)
  const { plainBytes } = header
  const expected = encryptedBytes(plainBytes)
  if (source.bytes > expected) throw invalidArchive('bytes follow its last encrypted chunk')
  return {
    bytes: plainBytes,
    stream: (range) => openRange(source, cipher, plainBytes, resolveRange(plainBytes, range)),
  }
}

async function* openRange(
  source: ArchiveBytes,
  cipher: ChunkCipher,
  plainBytes: number,
  { offset, length }: ByteRange,
): AsyncGenerator<Uint8Array> {
  if (length === 0) return
  const end = offset + length
  const first = Math.floor(offset / chunkBytes)
  const behind = Math.ceil(end / chunkBytes)
  const from = chunkOffset(first)
  // What a cut-off file lacks is told of the chunk where it ends.
  const to = Math.min(chunkOffset(behind), encryptedBytes(plainBytes), source.bytes)
  const sealed = new ByteSource(source.stream({ offset: Math.min(from, to), length: Math.max(to - from, 0) }))
  try {
    for (let index = first; index < behind; index++) {
      const wanted = plainChunkBytes(index, plainBytes) + chunkOverheadBytes
      const chunk = await sealed.read(wanted)
      if (chunk.byteLength < wanted) throw cutOff(cipher, index)
      const at = index * chunkBytes
      yield cipher.open(index, chunk).subarray(Math.max(offset - at, 0), end - at)
    }
  } finally {
    await sealed.close()
  }
}

interface OpenedHeader {
  readonly header: EncryptionHeader
  readonly cipher: ChunkCipher
}

async function openHeader(bytes: Uint8Array, secret: ArchiveSecret | undefined): Promise<OpenedHeader> {
  const header = decodeHeader(bytes)
  if (secret === undefined || kindOf(secret) !== header.kind) throw keyMissing(header)
  const master = await masterOf(secret, header.passphraseSalt, header.cost ?? scryptCostDefault)
  const keyId = keyIdOf(master)
  if (keyId !== header.keyId) throw keyWrong(header, keyId)
  const keys = fileKeysOf(master, header.fileSalt)
  return { header, cipher: new ChunkCipher(keys, checkHeaderMac(keys, bytes), header.plainBytes) }
}

function keyMissing({ kind, keyId }: EncryptionHeader): DatabaseError {
  return new DatabaseError(
    'archive-key-wrong',
    kind === 'key'
      ? `Cannot read archive: it is encrypted with the key ${keyId}, which was not given`
      : 'Cannot read archive: it is encrypted with a passphrase, which was not given',
    { kind, keyId },
  )
}

function keyWrong({ kind, keyId }: EncryptionHeader, given: string): DatabaseError {
  return new DatabaseError(
    'archive-key-wrong',
    kind === 'key'
      ? `Cannot read archive: it is encrypted with the key ${keyId}, not with ${given}`
      : 'Cannot read archive: it is encrypted with another passphrase',
    kind === 'key' ? { kind, keyId, given } : { kind, keyId },
  )
}

/** A caller who gives a key wants to know that only its holders can have made the archive. */
export function notEncrypted(): DatabaseError {
  return new DatabaseError(
    'archive-key-wrong',
    'Cannot read archive: a key was given, but it is not encrypted',
  )
}

function cutOff(cipher: ChunkCipher, index: number): Error {
  return cipher.damaged(index, 'the archive is cut off in it')
}
