import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CallName, DriverCalls, FromDriver } from './protocol.ts'

const program = fileURLToPath(new URL('process.ts', import.meta.url))
const endMs = 30_000

type Request<Name extends CallName> = Parameters<DriverCalls[Name]>[0]
type Result<Name extends CallName> = Awaited<ReturnType<DriverCalls[Name]>>

/** One engine in a process of its own: nobody's memory, threads or crash is another's. */
export class DriverProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  readonly #onProgress: (rows: number) => void
  #server: number | undefined
  #lastId = 0

  constructor(onProgress: (rows: number) => void) {
    this.#onProgress = onProgress
    this.#child = fork(program, [], {
      execArgv: [...process.execArgv, '--expose-gc'],
      // A peer's warnings for every query would be a part of what is measured.
      env: { ...process.env, RUST_LOG: 'error' },
      serialization: 'advanced',
    })
    this.#child.on('message', (message) => this.#take(message as FromDriver))
    this.#ended = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => {
        const error = new Error(`The process of an engine ended: ${signal ?? String(code)}`)
        for (const { reject } of this.#waiting.values()) reject(error)
        this.#waiting.clear()
        if (code !== 0) this.#killServer()
        resolve()
      })
    })
  }

  /** @throws what the call threw, or that the process has ended */
  call<Name extends CallName>(name: Name, request?: Request<Name>): Promise<Result<Name>> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve, reject })
      this.#child.send({ id, name, request }, (error) => {
        if (error === null || !this.#waiting.delete(id)) return
        reject(error)
      })
    })
  }

  /** Lets it end what it does and stop its engine; kills both if that takes too long. Never fails. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    const timer = setTimeout(() => this.killNow(), endMs)
    await this.#ended
    clearTimeout(timer)
  }

  killNow(): void {
    this.#child.kill('SIGKILL')
    this.#killServer()
  }

  #killServer(): void {
    if (this.#server === undefined) return
    try {
      process.kill(this.#server, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }

  #take(message: FromDriver): void {
    if ('progress' in message) this.#onProgress(message.progress)
    else if ('spawned' in message) this.#server = message.spawned
    else {
      const waiting = this.#waiting.get(message.id)
      this.#waiting.delete(message.id)
      if ('error' in message) waiting?.reject(new Error(message.error))
      else waiting?.resolve(message.result)
    }
  }
}
