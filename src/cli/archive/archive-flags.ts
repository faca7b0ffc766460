import { Command } from 'commander'
import { isDatabaseError } from '../../errors/database-error.ts'
import type { ArchiveSecret, OpenArchiveOptions } from '../../index.ts'
import { CliError, misused } from '../cli-error.ts'
import { append } from '../command.ts'
import { engine } from '../engine.ts'

/** As shells say it of a command that Ctrl-C ended. */
const exitInterrupted = 130
const secretFileBytesMax = 64 * 1024

export interface ArchiveFlags {
  readonly keyFile?: string
  readonly passphraseFile?: string
  readonly trustedKey?: readonly string[]
  readonly base?: readonly string[]
  readonly json?: boolean
}

/** What the flags of a command stand for. */
export interface ArchiveAccess extends OpenArchiveOptions {
  readonly bases: readonly string[]
  readonly signal: AbortSignal
}

/** A command on an archive file; Ctrl-C cancels it. */
export function archiveCommandOf<F extends ArchiveFlags>(
  usage: string,
  description: string,
  action: (args: readonly string[], access: ArchiveAccess, flags: F) => Promise<void>,
): Command {
  const [name, ...args] = usage.split(' ')
  return new Command(name)
    .description(description)
    .arguments(args.join(' '))
    .allowExcessArguments(false)
    .option('--key-file <FILE>', 'the key of an encrypted archive, as `archive keygen` writes it')
    .option('--passphrase-file <FILE>', 'the passphrase of an encrypted archive')
    .option('--trusted-key <FILE>', 'a public key: only what it signed is read; may be repeated', append)
    .option('--base <FILE>', 'an archive with what an incremental one leaves out; may be repeated', append)
    .option('--json', 'print JSON')
    .action(async (...given: readonly unknown[]) => {
      const flags = given.at(-2) as F
      const values = given.slice(0, -2).filter((value) => typeof value === 'string')
      await cancelledBySignal(async (signal) => action(values, await accessOf(flags, signal), flags))
    })
}

async function accessOf(flags: ArchiveFlags, signal: AbortSignal): Promise<ArchiveAccess> {
  const decrypt = await secretOf(flags)
  const { trustedKey: trusted, base: bases = [] } = flags
  const trustedKeys = trusted && (await Promise.all(trusted.map(readText)))
  return { decrypt, trustedKeys, bases, signal }
}

/** @throws CliError, request-invalid */
export async function secretOf({
  keyFile,
  passphraseFile,
}: Pick<ArchiveFlags, 'keyFile' | 'passphraseFile'>): Promise<ArchiveSecret | undefined> {
  if (keyFile !== undefined && passphraseFile !== undefined)
    throw misused('Give --key-file or --passphrase-file, not both')
  if (keyFile !== undefined) {
    const { parseEncryptionKey } = await engine()
    return { key: parseEncryptionKey(await readText(keyFile)) }
  }
  // The line feed that editors add belongs to the file, not to the passphrase.
  if (passphraseFile !== undefined)
    return { passphrase: (await readText(passphraseFile)).replace(/\r?\n$/, '') }
  return undefined
}

async function cancelledBySignal(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController()
  // The first Ctrl-C only: the second one ends this process as ever.
  const cancel = (): void => controller.abort()
  process.once('SIGINT', cancel)
  try {
    await work(controller.signal)
  } catch (error) {
    if (isDatabaseError(error, 'cancelled') && controller.signal.aborted)
      throw new CliError('It was cancelled', exitInterrupted)
    throw error
  } finally {
    process.off('SIGINT', cancel)
  }
}

async function readText(path: string): Promise<string> {
  const { readFileStream } = await engine()
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of readFileStream(path)) {
      bytes += chunk.byteLength
      if (bytes > secretFileBytesMax) throw new CliError(`Cannot use ${path}: it is too long for a key`)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`Cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return Buffer.concat(chunks).toString('utf8')
}
