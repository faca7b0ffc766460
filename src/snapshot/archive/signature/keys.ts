import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  generateKeySync,
  type KeyObject,
} from 'node:crypto'
import { DatabaseError } from '../../../errors/database-error.ts'

export interface SigningKeys {
  /** PEM, PKCS #8. */
  readonly privateKey: string
  /** PEM, SubjectPublicKeyInfo. */
  readonly publicKey: string
  /** The first 16 bytes of the public key's SHA-256, in hex. */
  readonly keyId: string
}

const keyText = /^stillpoint-key-1 ([A-Za-z0-9+/]{43}=)\s*$/

/** An Ed25519 key pair for signing archives. */
export function createSigningKeys(): SigningKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    keyId: signingKeyIdOf(publicKey),
  }
}

/** A random key for encrypting archives, as one line of text. */
export function createEncryptionKey(): string {
  const key = generateKeySync('aes', { length: 256 }).export()
  return `stillpoint-key-1 ${key.toString('base64')}\n`
}

/** The key in such a line. @throws request-invalid */
export function parseEncryptionKey(text: string): Uint8Array {
  const match = keyText.exec(text)
  if (match !== null) return Buffer.from(match[1]!, 'base64')
  throw new DatabaseError(
    'request-invalid',
    'Cannot use the encryption key: it is not one line of "stillpoint-key-1" and 32 bytes in base64',
  )
}

/** @throws request-invalid */
export function parseSigningKey(pem: string): KeyObject {
  return parsePem('signing key', () => createPrivateKey(pem))
}

/** Of a private key, its public half. @throws request-invalid */
export function parsePublicKey(pem: string): KeyObject {
  return parsePem('trusted key', () => createPublicKey(pem))
}

export function signingKeyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex').slice(0, 32)
}

function parsePem(what: string, parse: () => KeyObject): KeyObject {
  let key: KeyObject
  try {
    key = parse()
  } catch (error) {
    throw new DatabaseError('request-invalid', `Cannot use the ${what}: it is no key in PEM`, {}, error)
  }
  if (key.asymmetricKeyType === 'ed25519') return key
  const type = key.asymmetricKeyType ?? 'unknown'
  throw new DatabaseError('request-invalid', `Cannot use the ${what}: its type is ${type}, not ed25519`, {
    type,
  })
}
