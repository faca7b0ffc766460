import type { Server, ServerCredentials } from '@grpc/grpc-js'
import type { Logger } from '../runtime/logger.ts'
import { exitCodes, StartupError } from './startup-error.ts'
import { grpcCredentials } from './tls/grpc-credentials.ts'
import type { ServerTls } from './tls/server-tls.ts'

export interface GrpcListener {
  /** Host and port, with the port that the system chose if none was given. */
  readonly address: string
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
  /** Undefined: calls come in the clear. */
  readonly tls?: ServerTls | undefined
}

/** Opens a gRPC API, unless its port is to stay closed. @throws StartupError if the chosen port cannot be had */
export async function listenGrpc(
  createServer: () => Server,
  { api, host, port, isPortChosen, logger, tls }: GrpcListenerOptions,
): Promise<GrpcListener | undefined> {
  if (port === undefined) return undefined
  const server = createServer()
  const name = host.includes(':') ? `[${host}]` : host
  try {
    const bound = await bind(server, `${name}:${port}`, grpcCredentials(tls))
    return {
      address: `${name}:${bound}`,
      close: () => closeServer(server),
      cut: () => server.forceShutdown(),
    }
  } catch (error) {
    server.forceShutdown()
    const reason = error instanceof Error ? error.message : String(error)
    const message = `Cannot listen on ${name}:${port} for ${api}'s gRPC API: ${reason}`
    if (isPortChosen) throw new StartupError(exitCodes.failure, message, error)
    logger.error(`${api}'s gRPC API stays closed`, { reason: message })
    return undefined
  }
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port)
      else reject(error)
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.tryShutdown((error) => (error === undefined ? resolve() : reject(error)))
  })
}
