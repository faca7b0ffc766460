import type { Socket } from 'node:net'
import type { Server } from '@grpc/grpc-js'
import { grpcCredentials } from './tls/grpc-credentials.ts'
import type { ServerTls } from './tls/server-tls.ts'

/** Calls over connections that somebody else has accepted. */
export interface GrpcDoor {
  take(socket: Socket): void
  /** Takes no more calls and waits for those that are under way. */
  close(): Promise<void>
  /** Ends what is still under way. */
  cut(): void
}

/** `tls` undefined: calls come in the clear. */
export function openGrpcDoor(server: Server, tls: ServerTls | undefined): GrpcDoor {
  const injector = server.createConnectionInjector(grpcCredentials(tls))
  return {
    take: (socket) => injector.injectConnection(socket),
    close: () => closeServer(server),
    cut: () => server.forceShutdown(),
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.tryShutdown((error) => (error === undefined ? resolve() : reject(error)))
  })
}
