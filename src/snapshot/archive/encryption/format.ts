import { assert } from '../../../runtime/assert.ts'
import { invalidArchive } from '../archive-error.ts'

// An encrypted archive: a header, then the archive in chunks of 64 KiB, each sealed with AES-256-GCM.
//
//   header (128 bytes)   see `field`; its last 32 bytes are an HMAC over the others
//   chunk 0              nonce (12) | ciphertext (65,536) | tag (16)
//   ...
//   the last chunk       nonce (12) | ciphertext (1 to 65,536) | tag (16)
//
// Invariants:
//   - the length follows from the length of the archive, and a chunk's bytes from that chunk alone: any range can be
//     made and read without the bytes before it.
//   - a chunk opens only in its place of its archive: its number, whether it is the last, and the header's HMAC are
//     authenticated with it.
//   - a nonce is an HMAC of what is sealed with it. So two different chunks never share a nonce, whatever goes wrong:
//     equal archives give equal bytes, and a block that the disk gave wrongly once does no harm.

export const encryptedMagic = Buffer.from('stillpoint-crypt', 'latin1')
export const encryptionVersion = 1
export const headerBytes = 128
export const chunkBytes = 64 * 1024
export const nonceBytes = 12
export const tagBytes = 16
/** What a chunk is longer than its plain form. */
export const chunkOverheadBytes = nonceBytes + tagBytes

/** Offset and length of the header's fields. */
export const field = {
  magic: [0, 16],
  version: [16, 1],
  kind: [17, 1],
  /** Base-2 logarithm. */
  scryptN: [18, 1],
  scryptR: [19, 1],
  scryptP: [20, 1],
  reserved: [21, 3],
  plainBytes: [24, 8],
  keyId: [32, 16],
  passphraseSalt: [48, 16],
  fileSalt: [64, 32],
  mac: [96, 32],
} as const satisfies Record<string, readonly [offset: number, length: number]>

export interface ScryptCost {
  /** Base-2 logarithm of N. */
  readonly logN: number
  readonly r: number
  readonly p: number
}

/** 128 MiB and some tenths of a second for each guess. */
export const scryptCostDefault: ScryptCost = { logN: 17, r: 8, p: 1 }
/** A header may not ask for more than this. */
export const scryptMemoryMax = 256 * 1024 * 1024
const scryptPMax = 4

export interface EncryptionHeader {
  readonly kind: 'key' | 'passphrase'
  /** Null for a key. */
  readonly cost: ScryptCost | null
  /** Length of the archive inside. */
  readonly plainBytes: number
  /** Lower-case hex; tells keys apart and nothing of them. */
  readonly keyId: string
  /** Zeros for a key. */
  readonly passphraseSalt: Uint8Array
  readonly fileSalt: Uint8Array
}

/** The header without its HMAC. */
export function encodeHeader(header: EncryptionHeader): Uint8Array {
  assert(Number.isSafeInteger(header.plainBytes) && header.plainBytes > 0, 'an archive is not empty')
  const bytes = Buffer.alloc(field.mac[0])
  encryptedMagic.copy(bytes, field.magic[0])
  bytes[field.version[0]] = encryptionVersion
  bytes[field.kind[0]] = header.kind === 'key' ? 0 : 1
  bytes[field.scryptN[0]] = header.cost?.logN ?? 0
  bytes[field.scryptR[0]] = header.cost?.r ?? 0
  bytes[field.scryptP[0]] = header.cost?.p ?? 0
  bytes.writeBigUInt64BE(BigInt(header.plainBytes), field.plainBytes[0])
  bytes.write(header.keyId, field.keyId[0], 'hex')
  bytes.set(header.passphraseSalt, field.passphraseSalt[0])
  bytes.set(header.fileSalt, field.fileSalt[0])
  return bytes
}

export function isEncrypted(beginning: Uint8Array): boolean {
  return Buffer.from(beginning.subarray(0, encryptedMagic.byteLength)).equals(encryptedMagic)
}

/** Not authenticated yet: that takes the key. @throws archive-invalid */
export function decodeHeader(bytes: Uint8Array): EncryptionHeader {
  if (bytes.byteLength < headerBytes) throw invalidHeader(`it is cut off after ${bytes.byteLength} bytes`)
  if (!isEncrypted(bytes)) throw invalidHeader('it does not begin as one')
  const version = bytes[field.version[0]]!
  if (version !== encryptionVersion) {
    throw invalidHeader(`its version is ${version}, this release reads ${encryptionVersion}`)
  }
  const kind = bytes[field.kind[0]]!
  if (kind > 1) throw invalidHeader(`it names the unknown kind of key ${kind}`)
  if (part(bytes, field.reserved).some((byte) => byte !== 0))
    throw invalidHeader('reserved bytes are not zero')
  const plainBytes = Buffer.from(part(bytes, field.plainBytes)).readBigUInt64BE(0)
  if (plainBytes === 0n || plainBytes > BigInt(Number.MAX_SAFE_INTEGER) / 2n) {
    throw invalidHeader(`it states a length of ${plainBytes} bytes`)
  }
  return {
    kind: kind === 0 ? 'key' : 'passphrase',
    cost: kind === 0 ? null : decodeCost(bytes),
    plainBytes: Number(plainBytes),
    keyId: Buffer.from(part(bytes, field.keyId)).toString('hex'),
    passphraseSalt: part(bytes, field.passphraseSalt),
    fileSalt: part(bytes, field.fileSalt),
  }
}

/** Chunks of an archive of this length. */
export function chunkCount(plainBytes: number): number {
  return Math.ceil(plainBytes / chunkBytes)
}

/** Length of the encrypted form. */
export function encryptedBytes(plainBytes: number): number {
  return headerBytes + plainBytes + chunkCount(plainBytes) * chunkOverheadBytes
}

/** Where a chunk begins in the encrypted form. */
export function chunkOffset(index: number): number {
  return headerBytes + index * (chunkBytes + chunkOverheadBytes)
}

/** Length of a chunk's plain form. */
export function plainChunkBytes(index: number, plainBytes: number): number {
  return Math.min(chunkBytes, plainBytes - index * chunkBytes)
}

function decodeCost(bytes: Uint8Array): ScryptCost {
  const [logN, r, p] = [bytes[field.scryptN[0]]!, bytes[field.scryptR[0]]!, bytes[field.scryptP[0]]!]
  // What anybody can write must not make the reader take all memory or time.
  const isFair = logN >= 1 && r >= 1 && p >= 1 && p <= scryptPMax && 128 * r * 2 ** logN <= scryptMemoryMax
  if (!isFair)
    throw invalidHeader(`it asks for scrypt with N 2^${logN}, r ${r}, p ${p}, which is not accepted`)
  return { logN, r, p }
}

function part(bytes: Uint8Array, [offset, length]: readonly [number, number]): Uint8Array {
  return bytes.slice(offset, offset + length)
}

function invalidHeader(why: string): Error {
  return invalidArchive(`its encryption header cannot be used: ${why}`)
}
