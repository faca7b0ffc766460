import { lookup } from 'node:dns/promises'
import { createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Logger } from '../runtime/logger.ts'
import type { GrpcDoor } from './grpc-door.ts'
import { exitCodes, StartupError } from './startup-error.ts'

export interface GrpcListener {
  /** Host and port, with the port that the system chose if none was given. */
  readonly address: string
  /** Opens the door, if no connection has. */
  load(): Promise<void>
  /** Takes no more calls and waits for those that are under way. */
  close(): Promise<void>
  /** Ends what is still under way. */
  cut(): void
}

export interface GrpcListenerOptions {
  /** Whose API it is, for messages. */
  readonly api: string
  readonly host: string
  /** Undefined: it stays closed. */
  readonly port: number | undefined
  /** A port that nobody chose is left to who has it. */
  readonly isPortChosen: boolean
  readonly logger: Logger
  /** Called with what kept the door from being opened: its modules are part of the program. */
  readonly onFatal: (error: unknown) => void
}

/**
 * Listens for a gRPC API, unless its port is to stay closed. What answers there is loaded when somebody connects: it takes longer
 * than the rest of a start, and nobody waits for it who asks over HTTP.
 * @throws StartupError if the chosen port cannot be had
 */
export async function listenGrpc(
  openDoor: () => Promise<GrpcDoor>,
  { api, host, port, isPortChosen, logger, onFatal }: GrpcListenerOptions,
): Promise<GrpcListener | undefined> {
  if (port === undefined) return undefined
  const connections = new Connections(openDoor, onFatal)
  const name = host.includes(':') ? `[${host}]` : host
  try {
    const bound = await connections.listen(host, port)
    return {
      address: `${name}:${bound}`,
      load: () => connections.load(),
      close: () => connections.close(),
      cut: () => connections.cut(),
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `Cannot listen on ${name}:${port} for ${api}'s gRPC API: ${reason}`
    if (isPortChosen) throw new StartupError(exitCodes.failure, message, error)
    logger.error(`${api}'s gRPC API stays closed`, { reason: message })
    return undefined
  }
}

/** Those of one API: accepted here, answered by its door. */
class Connections {
  readonly #openDoor: () => Promise<GrpcDoor>
  readonly #onFatal: (error: unknown) => void
  readonly #servers: Server[] = []
  /** Connections that came before the door was open. */
  readonly #waiting = new Set<Socket>()
  #opening: Promise<GrpcDoor> | undefined
  #isClosing = false

  constructor(openDoor: () => Promise<GrpcDoor>, onFatal: (error: unknown) => void) {
    this.#openDoor = openDoor
    this.#onFatal = onFatal
  }

  /** On all addresses that the host has, as far as they are free; all have the port of the first. Gives the port. */
  async listen(host: string, port: number): Promise<number> {
    const addresses =
      isIP(host) > 0 ? [host] : (await lookup(host, { all: true })).map(({ address }) => address)
    let bound: number | undefined
    let refused: unknown
    for (const address of addresses) {
      try {
        bound = await this.#listenOn(address, bound ?? port)
      } catch (error) {
        refused ??= error
      }
    }
    if (bound === undefined) throw refused
    return bound
  }

  async load(): Promise<void> {
    await this.#door()
  }

  async close(): Promise<void> {
    this.#isClosing = true
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)))
    this.#dropWaiting()
    await this.#opening?.then((door) => door.close(), told)
    await Promise.all(closed)
  }

  cut(): void {
    this.#isClosing = true
    for (const server of this.#servers) server.close()
    this.#dropWaiting()
    void this.#opening?.then((door) => door.cut(), told)
  }

  #listenOn(host: string, port: number): Promise<number> {
    const server = createServer((socket) => this.#take(socket))
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, () => {
        server.off('error', reject)
        // A connection that could not be accepted is its client's to notice.
        server.on('error', () => undefined)
        this.#servers.push(server)
        resolve((server.address() as AddressInfo).port)
      })
    })
  }

  /** What it sends meanwhile waits in the socket. */
  #take(socket: Socket): void {
    const drop = (): void => void this.#waiting.delete(socket)
    const fail = (): void => void socket.destroy()
    this.#waiting.add(socket)
    socket.once('close', drop).once('error', fail)
    this.#door().then((door) => {
      drop()
      socket.off('close', drop)
      if (socket.destroyed || this.#isClosing) return fail()
      door.take(socket)
    }, this.#onFatal)
  }

  #door(): Promise<GrpcDoor> {
    return (this.#opening ??= this.#openDoor())
  }

  #dropWaiting(): void {
    for (const socket of this.#waiting) socket.destroy()
  }
}

/** Whoever needed the door has told why it could not be opened. */
const told = (): void => undefined
