import { Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { group } from '../command.ts'
import { engine } from '../engine.ts'

export const keygenCommand = group('keygen', 'Make keys for archives.', [
  new Command('encryption')
    .description('Write a random key for encrypting archives to a new file.')
    .argument('<file>')
    .action(async (file: string) => {
      const { createEncryptionKey } = await engine()
      await writeSecret(file, createEncryptionKey())
      process.stdout.write(`${file}\n`)
    }),
  new Command('signing')
    .description(
      'Write a private key for signing archives to a new file, and the public one beside it (.pub).',
    )
    .argument('<file>')
    .action(async (file: string) => {
      const { createSigningKeys } = await engine()
      const { privateKey, publicKey, keyId } = createSigningKeys()
      await writeSecret(file, privateKey)
      await writeSecret(`${file}.pub`, publicKey)
      process.stdout.write(`${file}\n${file}.pub\nkey ${keyId}\n`)
    }),
])

/** For its owner's eyes only. */
async function writeSecret(path: string, text: string): Promise<void> {
  const { writeNewFile } = await engine()
  const before = process.umask(0o077)
  try {
    await writeNewFile(path, Buffer.from(text))
  } catch (error) {
    throw new CliError(`Cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    process.umask(before)
  }
}
