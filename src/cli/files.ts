import { CliError } from './cli-error.ts'
import { engine } from './engine.ts'

/** A whole file, for small ones. @throws what the system says of it */
export async function readText(path: string): Promise<string> {
  return (await readBytes(path)).toString('utf8')
}

async function readBytes(path: string): Promise<Buffer> {
  const { readFileStream } = await engine()
  const chunks: Uint8Array[] = []
  for await (const chunk of readFileStream(path)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The content of a file that a flag names. @throws CliError */
export async function readFlagFile(flag: string, path: string): Promise<Buffer> {
  return onFile(`read ${flag} ${path}`, () => readBytes(path))
}

/** @throws CliError in words for what the system says */
export async function onFile<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw new CliError(`Cannot ${what}: ${error.message}`)
    throw error
  }
}
