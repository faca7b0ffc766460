import type { Command } from 'commander'
import { misused } from '../cli-error.ts'
import { append } from '../command.ts'
import { engine } from '../engine.ts'
import { readFlagFile } from '../files.ts'

export interface SecretFlags {
  readonly passphraseFile?: string
  readonly keyFile?: string
}

export interface ExportKeyFlags extends SecretFlags {
  readonly sign?: string
}

export interface ImportKeyFlags extends SecretFlags {
  readonly trustedKey?: readonly string[]
}

export function secretOptions(command: Command, verb: 'encrypt' | 'decrypt'): Command {
  return command
    .option('--passphrase-file <PATH>', `${verb} with the passphrase in this file`)
    .option('--key-file <PATH>', `${verb} with the key in this file (stillpoint archive keygen)`)
}

export const signOption = (command: Command): Command =>
  command.option('--sign <PATH>', 'sign with this Ed25519 private key (PEM)')

export const trustOption = (command: Command): Command =>
  command.option(
    '--trusted-key <PATH>',
    'take it only if this Ed25519 public key (PEM) signed it; may be repeated',
    append,
  )

/** As headers, so that no address holds a secret. @throws CliError */
export async function exportHeadersOf(flags: ExportKeyFlags): Promise<Record<string, string>> {
  const headers = await secretHeadersOf(flags)
  if (flags.sign === undefined) return headers
  return { ...headers, 'archive-signing-key': await pemBody('--sign', flags.sign) }
}

/** @throws CliError */
export async function importHeadersOf(flags: ImportKeyFlags): Promise<Record<string, string>> {
  const headers = await secretHeadersOf(flags)
  if (flags.trustedKey === undefined) return headers
  const keys = await Promise.all(flags.trustedKey.map((path) => pemBody('--trusted-key', path)))
  return { ...headers, 'archive-trusted-keys': keys.join(',') }
}

async function secretHeadersOf({ passphraseFile, keyFile }: SecretFlags): Promise<Record<string, string>> {
  if (passphraseFile !== undefined && keyFile !== undefined)
    throw misused('Give --passphrase-file or --key-file, not both')
  if (keyFile !== undefined) {
    const { parseEncryptionKey } = await engine()
    const key = parseEncryptionKey((await readFlagFile('--key-file', keyFile)).toString('latin1'))
    return { 'archive-key': Buffer.from(key).toString('hex') }
  }
  if (passphraseFile === undefined) return {}
  const text = (await readFlagFile('--passphrase-file', passphraseFile))
    .toString('utf8')
    .replace(/\r?\n$/, '')
  return { 'archive-passphrase': encodeURIComponent(text) }
}

async function pemBody(flag: string, path: string): Promise<string> {
  const text = (await readFlagFile(flag, path)).toString('latin1')
  const body = /-----BEGIN [A-Z ]+-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1]
  if (body === undefined) throw misused(`Cannot use ${flag} ${path}: it is no PEM file`)
  return body.replace(/\s/g, '')
}
