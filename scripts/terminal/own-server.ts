import { startServer, type Ended, type ServerProcess } from '../../test/support/server-process.ts'

/**
 * The one server process of a demonstration or a measurement, started again in the same folder as often as asked.
 * Whatever happens in between, `end` leaves none behind.
 */
export class OwnServer {
  readonly #home: string
  readonly #settings: Readonly<Record<string, string>>
  #running: Promise<ServerProcess> | undefined
  #newest: ServerProcess | undefined

  constructor(home: string, settings: Readonly<Record<string, string>> = {}) {
    this.#home = home
    this.#settings = settings
  }

  /** Starts it on a free port and waits until it is ready. */
  async start(): Promise<ServerProcess> {
    const starting = startServer({
      home: this.#home,
      args: ['--log-level', 'ERROR'],
      env: this.#settings,
    })
    // Kept while it is still starting: a cancelled run has to end that one, too.
    this.#running = starting
    const started = await starting
    this.#newest = started
    return started
  }

  /** What the newest process has written, for a report of what went wrong. */
  log(): string {
    return this.#newest?.log() ?? ''
  }

  async stop(): Promise<Ended | undefined> {
    return (await this.#take())?.stop()
  }

  /** SIGKILL: the process gets no chance to write anything. */
  async kill(): Promise<Ended | undefined> {
    return (await this.#take())?.kill()
  }

  /** For the last moment of this process, when nothing can be waited for. */
  killNow(): void {
    this.#newest?.process.kill('SIGKILL')
  }

  /** Ends it if it runs; never fails. */
  async end(): Promise<void> {
    // One that did not come up has reported it to whoever started it.
    await this.kill().catch(() => undefined)
  }

  async #take(): Promise<ServerProcess | undefined> {
    const running = this.#running
    this.#running = undefined
    return running
  }
}
