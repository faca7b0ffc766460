import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface PlainFileServer {
  readonly url: string
  end(): Promise<void>
}

const program = fileURLToPath(new URL('plain-file-server.mjs', import.meta.url))

/** A process of its own, so that it has a core to itself exactly when our server would. */
export async function servePlainFile(file: string): Promise<PlainFileServer> {
  const child = spawn(process.execPath, [program, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
    void ended.then(() => reject(new Error('The server of a plain file ended at its start')))
  })
  return {
    url: `http://127.0.0.1:${port}`,
    end: () => {
      child.kill('SIGKILL')
      return ended
    },
  }
}
