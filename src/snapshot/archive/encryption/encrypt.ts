import { createHash } from 'node:crypto'
import type { ArchiveBytes } from '../archive-bytes.ts'
import { resolveRange } from '../archive-bytes.ts'
import { ByteSource } from '../byte-source.ts'
import type { ByteRange } from '../layout.ts'
import { ChunkCipher, headerMac } from './chunk-cipher.ts'
import {
  chunkBytes,
  chunkCount,
  chunkOffset,
  chunkOverheadBytes,
  encodeHeader,
  encryptedBytes,
  headerBytes,
  plainChunkBytes,
  scryptCostDefault,
  type EncryptionHeader,
  type ScryptCost,
} from './format.ts'
import { fileKeysOf, fileSaltOf, keyIdOf, kindOf, masterOf, type ArchiveSecret } from './keys.ts'

export interface EncryptOptions {
  readonly secret: ArchiveSecret
  /** A hash of everything in the archive: other content has another one. */
  readonly identity: Uint8Array
  /** What a passphrase's salt is made from; unique to the snapshot, and no secret. */
  readonly saltSeed: string
  /** Of scrypt. */
  readonly cost?: ScryptCost
}

/** The encrypted form, made as it is read; the same secret and content give the same bytes. @throws request-invalid */
export async function encryptArchive(plain: ArchiveBytes, options: EncryptOptions): Promise<ArchiveBytes> {
  const kind = kindOf(options.secret)
  const cost = options.cost ?? scryptCostDefault
  const passphraseSalt = kind === 'key' ? new Uint8Array(16) : passphraseSaltOf(options.saltSeed)
  const master = await masterOf(options.secret, passphraseSalt, cost)
  const fileSalt = fileSaltOf(master, options.identity)
  const header: EncryptionHeader = {
    kind,
    cost: kind === 'key' ? null : cost,
    plainBytes: plain.bytes,
    keyId: keyIdOf(master),
    passphraseSalt,
    fileSalt,
  }
  const keys = fileKeysOf(master, fileSalt)
  const beginning = encodeHeader(header)
  const mac = headerMac(keys, beginning)
  return new EncryptedArchive(plain, Buffer.concat([beginning, mac]), new ChunkCipher(keys, mac, plain.bytes))
}

function passphraseSaltOf(seed: string): Uint8Array {
  return createHash('sha256').update(`stillpoint archive passphrase\0${seed}`).digest().subarray(0, 16)
}

class EncryptedArchive implements ArchiveBytes {
  readonly bytes: number
  readonly #plain: ArchiveBytes
  readonly #header: Uint8Array
  readonly #cipher: ChunkCipher

  constructor(plain: ArchiveBytes, header: Uint8Array, cipher: ChunkCipher) {
    this.bytes = encryptedBytes(plain.bytes)
    this.#plain = plain
    this.#header = header
    this.#cipher = cipher
  }

  stream(range?: Partial<ByteRange>): AsyncIterable<Uint8Array> {
    return this.#stream(resolveRange(this.bytes, range))
  }

  async *#stream({ offset, length }: ByteRange): AsyncGenerator<Uint8Array> {
    const end = offset + length
    if (length === 0) return
    if (offset < headerBytes) yield this.#header.subarray(offset, Math.min(end, headerBytes))
    if (end <= headerBytes) return
    const sealedChunkBytes = chunkBytes + chunkOverheadBytes
    const first = Math.floor((Math.max(offset, headerBytes) - headerBytes) / sealedChunkBytes)
    const behind = Math.min(Math.ceil((end - headerBytes) / sealedChunkBytes), chunkCount(this.#plain.bytes))
    const plainEnd = Math.min(behind * chunkBytes, this.#plain.bytes)
    const plain = new ByteSource(
      this.#plain.stream({ offset: first * chunkBytes, length: plainEnd - first * chunkBytes }),
    )
    try {
      for (let index = first; index < behind; index++) {
        const sealed = this.#cipher.seal(index, await plain.read(plainChunkBytes(index, this.#plain.bytes)))
        const at = chunkOffset(index)
        yield sealed.subarray(Math.max(offset - at, 0), Math.min(end - at, sealed.byteLength))
      }
    } finally {
      await plain.close()
    }
  }
}
