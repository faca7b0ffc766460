import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { join } from 'node:path'
import { OwnServer } from '../../../../scripts/terminal/own-server.ts'
import { freePort } from '../../../support/milvus-client.ts'
import type { EngineSettings } from '../adapter.ts'

/** A server process that can be started again on the same data. */
export interface ServerProgram {
  /** Ready to answer. */
  start(): Promise<{ readonly url: string; readonly pid: number }>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
}

export function serverProgramOf({ kind, home, program }: EngineSettings): ServerProgram {
  if (kind === 'stillpoint-server') return ownProgram(home)
  if (program === undefined) throw new Error('Where is the binary of Qdrant? Give it with --qdrant')
  return new QdrantBinary(home, program)
}

function ownProgram(home: string): ServerProgram {
  const server = new OwnServer(home)
  return {
    async start() {
      const { url, process } = await server.start()
      return { url, pid: process.pid! }
    },
    stop: async () => void (await server.stop()),
  }
}

const startSteps = 600
const startStepMs = 100

class QdrantBinary implements ServerProgram {
  readonly #home: string
  readonly #program: string
  #running: { readonly process: ChildProcess; readonly ended: Promise<void> } | undefined

  constructor(home: string, program: string) {
    this.#home = home
    this.#program = program
  }

  async start() {
    const port = await freePort()
    const child = spawn(this.#program, [], {
      cwd: this.#home,
      env: {
        ...process.env,
        QDRANT__SERVICE__HOST: '127.0.0.1',
        QDRANT__SERVICE__HTTP_PORT: String(port),
        QDRANT__SERVICE__GRPC_PORT: String(await freePort()),
        QDRANT__STORAGE__STORAGE_PATH: join(this.#home, 'storage'),
        QDRANT__STORAGE__SNAPSHOTS_PATH: join(this.#home, 'snapshots'),
        QDRANT__TELEMETRY_DISABLED: 'true',
        QDRANT__LOG_LEVEL: 'ERROR',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const ended = new Promise<void>((resolve) =>
      child.on('close', () => resolve()).on('error', () => resolve()),
    )
    this.#running = { process: child, ended }
    const url = `http://127.0.0.1:${port}`
    for (let step = 0; step < startSteps && child.exitCode === null; step++) {
      if (await isReady(url)) return { url, pid: child.pid! }
      await wait(startStepMs)
    }
    throw new Error(`${this.#program} did not become ready`)
  }

  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.process.kill('SIGTERM')
    await running?.ended
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok
  } catch {
    // It does not listen yet.
    return false
  }
}
