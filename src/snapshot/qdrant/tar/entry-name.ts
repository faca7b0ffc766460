import { isUtf8 } from 'node:buffer'

/** Longest name that is accepted, in bytes. */
export const nameBytesMax = 4096

/** A name in its plain form (no `./` before it, no slash behind it; may be empty), or why it cannot be accepted. */
export type ReadName = { readonly name: string } | { readonly problem: string }

/** `bytes` end before the NUL. */
export function readName(bytes: Uint8Array): ReadName {
  if (!isUtf8(bytes)) return { problem: 'it is not UTF-8' }
  const text = Buffer.from(bytes).toString('utf8')
  const name = text.replace(/^(?:\.\/+)+/, '').replace(/\/$/, '')
  if (text.startsWith('/')) return { problem: 'it is absolute' }
  if (name === '.' || name === '') return { name: '' }
  if (name.includes('\\')) return { problem: 'it has a backslash' }
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code < 0x20 || code === 0x7f) return { problem: 'it has a control character' }
  }
  for (const part of name.split('/')) {
    if (part === '') return { problem: 'it has an empty part' }
    if (part === '.' || part === '..') return { problem: `one of its parts is ${part}` }
  }
  return { name }
}

/** For messages: what cannot be printed shows as `?`, so that a hostile name cannot forge a log line. */
export function printableName(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 256)
}
