import type { Server, ServerCredentials } from '@grpc/grpc-js'
import { createGrpcServer } from '../api/qdrant/grpc/grpc-server.ts'
import type { Door } from '../api/qdrant/routes.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Configuration } from './configuration/configuration.ts'
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
  readonly configuration: Configuration
  readonly logger: Logger
  readonly onFatal: (error: unknown) => void
  /** Undefined: calls come in the clear. */
  readonly tls?: ServerTls | undefined
}

/**
 * Opens Qdrant's gRPC API, unless its port is set to null. A port that nobody chose is left to who has it.
 * @throws StartupError if the chosen port cannot be had
 */
export async function listenGrpc(
  door: Door,
  options: GrpcListenerOptions,
): Promise<GrpcListener | undefined> {
  const { host, grpcPort, isGrpcPortChosen } = options.configuration.service
  if (grpcPort === undefined) return undefined
  const server = createGrpcServer({ door, logger: options.logger, onFatal: options.onFatal })
  const name = host.includes(':') ? `[${host}]` : host
  try {
    const port = await bind(server, `${name}:${grpcPort}`, grpcCredentials(options.tls))
    return {
      address: `${name}:${port}`,
      close: () => closeServer(server),
      cut: () => server.forceShutdown(),
    }
  } catch (error) {
    server.forceShutdown()
    const reason = error instanceof Error ? error.message : String(error)
    const message = `Cannot listen on ${name}:${grpcPort} for gRPC: ${reason}`
    if (isGrpcPortChosen) throw new StartupError(exitCodes.failure, message, error)
    options.logger.error('the gRPC API stays closed', { reason: message })
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
