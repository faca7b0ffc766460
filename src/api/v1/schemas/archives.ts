import { z } from 'zod'
import type { ArchiveSecret } from '../../../index.ts'

// Secrets stand in headers: addresses are logged, by proxies too.

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/, 'expected base64')

export const secretHeaders = {
  'archive-passphrase': z
    .string()
    .transform((text, context) => {
      try {
        return decodeURIComponent(text)
      } catch {
        // Not ours to guess what was meant.
        context.addIssue('expected percent-encoded UTF-8')
        return z.NEVER
      }
    })
    .optional()
    .meta({ description: 'Percent-encoded UTF-8. What the archive is encrypted with.' }),
  'archive-key': z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hexadecimal digits')
    .optional()
    .meta({ description: '32 bytes in hexadecimal, instead of a passphrase.' }),
}

export const exportHeaders = z.object({
  ...secretHeaders,
  'archive-signing-key': base64
    .optional()
    .meta({ description: 'Ed25519 private key (PKCS #8, DER) in base64.' }),
})

export const importHeaders = z.object({
  ...secretHeaders,
  'archive-trusted-keys': z.string().optional().meta({
    description:
      'Ed25519 public keys (SPKI, DER) in base64, separated by commas: only what one of them signed is taken.',
  }),
})

export function secretOf(headers: {
  readonly 'archive-passphrase'?: string | undefined
  readonly 'archive-key'?: string | undefined
}): ArchiveSecret | undefined {
  const { 'archive-key': key, 'archive-passphrase': passphrase } = headers
  if (key !== undefined) return { key: Buffer.from(key, 'hex') }
  return passphrase === undefined ? undefined : { passphrase }
}

export function pemOf(label: 'PRIVATE KEY' | 'PUBLIC KEY', text: string): string {
  return `-----BEGIN ${label}-----\n${text.replace(/(.{64})/g, '$1\n').trimEnd()}\n-----END ${label}-----\n`
}
