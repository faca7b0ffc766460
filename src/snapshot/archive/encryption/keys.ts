import { createHmac, hkdfSync, scrypt } from 'node:crypto'
import { DatabaseError } from '../../../errors/database-error.ts'
import { scryptMemoryMax, type EncryptionHeader, type ScryptCost } from './format.ts'

/** What an archive is encrypted with: 32 random bytes, or words that somebody keeps in mind. */
export type ArchiveSecret = { readonly key: Uint8Array } | { readonly passphrase: string }

const keyBytes = 32
const keyIdBytes = 16

/** Keys of one archive. */
export interface FileKeys {
  readonly headerKey: Uint8Array
  readonly nonceKey: Uint8Array
  readonly chunkKey: Uint8Array
}

/** @throws request-invalid if the secret has no usable form */
export async function masterOf(
  secret: ArchiveSecret,
  salt: Uint8Array,
  cost: ScryptCost,
): Promise<Uint8Array> {
  if ('key' in secret) {
    if (secret.key instanceof Uint8Array && secret.key.byteLength === keyBytes) return secret.key
    throw new DatabaseError('request-invalid', `Cannot use the key: it is not ${keyBytes} bytes`)
  }
  if (typeof secret.passphrase !== 'string' || secret.passphrase === '') {
    throw new DatabaseError('request-invalid', 'Cannot use the passphrase: it is empty')
  }
  // The same letters may be typed as different code points on different machines.
  return stretch(Buffer.from(secret.passphrase.normalize('NFC')), salt, cost)
}

export function kindOf(secret: ArchiveSecret): EncryptionHeader['kind'] {
  return 'key' in secret ? 'key' : 'passphrase'
}

export function keyIdOf(master: Uint8Array): string {
  return Buffer.from(expand(master, new Uint8Array(0), 'stillpoint archive key id', keyIdBytes)).toString(
    'hex',
  )
}

/** Differs for archives that differ, and says nothing of them to whom the key is unknown. */
export function fileSaltOf(master: Uint8Array, identity: Uint8Array): Uint8Array {
  const saltKey = expand(master, new Uint8Array(0), 'stillpoint archive salt', keyBytes)
  return createHmac('sha256', saltKey).update(identity).digest()
}

export function fileKeysOf(master: Uint8Array, fileSalt: Uint8Array): FileKeys {
  const all = expand(master, fileSalt, 'stillpoint archive file', 3 * keyBytes)
  const keyAt = (index: number): Uint8Array => all.subarray(index * keyBytes, (index + 1) * keyBytes)
  return { headerKey: keyAt(0), nonceKey: keyAt(1), chunkKey: keyAt(2) }
}

function expand(master: Uint8Array, salt: Uint8Array, purpose: string, bytes: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', master, salt, purpose, bytes))
}

function stretch(passphrase: Uint8Array, salt: Uint8Array, { logN, r, p }: ScryptCost): Promise<Uint8Array> {
  // Node counts a little more than N * r * 128 bytes.
  const options = { N: 2 ** logN, r, p, maxmem: scryptMemoryMax + 2 ** 20 }
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, keyBytes, options, (error, master) => {
      if (error === null) resolve(master)
      else reject(error)
    })
  })
}
