import { createPublicKey, sign, verify } from 'node:crypto'
import { parseJson } from '../../../encoding/json.ts'
import { DatabaseError } from '../../../errors/database-error.ts'
import { JsonField } from '../../json-field.ts'
import { invalidEntry } from '../archive-error.ts'
import { parsePublicKey, parseSigningKey, signingKeyIdOf } from './keys.ts'

/** The entry behind the manifest, if the archive is signed. */
export const signatureName = 'manifest.sig'
export const signatureBytesMax = 4096
const algorithm = 'ed25519'

/** Of the exact bytes of `manifest.json`, which states the SHA-256 of everything else. */
export interface ArchiveSignature {
  readonly algorithm: typeof algorithm
  /** Of the public key, in hex. */
  readonly keyId: string
  /** Base 64. */
  readonly signature: string
}

/** The bytes of `manifest.sig`; the same for the same manifest and key. @throws request-invalid */
export function signManifest(manifest: Uint8Array, privateKey: string): Uint8Array {
  const key = parseSigningKey(privateKey)
  const signature: ArchiveSignature = {
    algorithm,
    keyId: signingKeyIdOf(createPublicKey(key)),
    signature: sign(null, manifest, key).toString('base64'),
  }
  return Buffer.from(`${JSON.stringify(signature)}\n`)
}

/** @throws archive-invalid */
export function decodeSignature(bytes: Uint8Array): ArchiveSignature {
  let value: unknown
  try {
    value = parseJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw invalidEntry(signatureName, 'it is no JSON document in UTF-8')
  }
  const root = new JsonField(value, (path, why) =>
    invalidEntry(signatureName, `${path === '' ? 'the document' : path} ${why}`),
  )
  const keyId = root.member('keyId').text()
  const signature = root.member('signature').text()
  if (!/^[0-9a-f]{32}$/.test(keyId)) throw invalidEntry(signatureName, 'keyId is not 16 bytes in hex')
  if (!/^[A-Za-z0-9+/]{86}==$/.test(signature))
    throw invalidEntry(signatureName, 'signature is not 64 bytes in base 64')
  return { algorithm: root.member('algorithm').oneOf([algorithm]), keyId, signature }
}

/**
 * Passes only what a trusted key (PEM) has signed. Without trusted keys there is nothing to compare with.
 * @throws archive-untrusted, request-invalid if a key cannot be read
 */
export function checkSignature(
  manifest: Uint8Array,
  signature: ArchiveSignature | undefined,
  trustedKeys: readonly string[] | undefined,
): void {
  if (trustedKeys === undefined) return
  const trusted = new Map(trustedKeys.map(parsePublicKey).map((key) => [signingKeyIdOf(key), key]))
  const known = [...trusted.keys()]
  if (signature === undefined) throw untrusted('it is not signed', { trusted: known })
  const { keyId } = signature
  const key = trusted.get(keyId)
  if (key === undefined)
    throw untrusted(`it is signed by the key ${keyId}, which is not trusted`, { keyId, trusted: known })
  if (!verify(null, manifest, key, Buffer.from(signature.signature, 'base64')))
    throw untrusted(`its manifest is not what the key ${keyId} has signed`, { keyId })
}

function untrusted(why: string, details: Readonly<Record<string, unknown>>): DatabaseError {
  return new DatabaseError('archive-untrusted', `Cannot trust archive: ${why}`, details)
}
