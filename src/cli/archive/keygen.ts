import { Command } from 'commander'
import { createEncryptionKey, createSigningKeys, writeNewFile } from '../../index.ts'
import { CliError } from '../cli-error.ts'
import { group } from '../command.ts'

export const keygenCommand = group('keygen', 'Make keys for archives.', [
  new Command('encryption')
    .description('Write a random key for encrypting archives to a new file.')
    .argument('<file>')
    .action(async (file: string) => {
      await writeSecret(file, createEncryptionKey())
      process.stdout.write(`${file}\n`)
    }),
  new Command('signing')
    .description(
      'Write a private key for signing archives to a new file, and the public one beside it (.pub).',
    )
    .argument('<file>')
    .action(async (file: string) => {
      const { privateKey, publicKey, keyId } = createSigningKeys()
      await writeSecret(file, privateKey)
      await writeSecret(`${file}.pub`, publicKey)
      process.stdout.write(`${file}\n${file}.pub\nkey ${keyId}\n`)
    }),
])

/** For its owner's eyes only. */
async function writeSecret(path: string, text: string): Promise<void> {
  const before = process.umask(0o077)
  try {
    await writeNewFile(path, Buffer.from(text))
  } catch (error) {
    throw new CliError(`Cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    process.umask(before)
  }
}
