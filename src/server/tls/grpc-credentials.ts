import { ServerCredentials } from '@grpc/grpc-js'
import type { ServerTls } from './server-tls.ts'

/** What a gRPC listener shows and asks for; renewed with the certificates. */
export function grpcCredentials(tls: ServerTls | undefined): ServerCredentials {
  return tls === undefined ? ServerCredentials.createInsecure() : new RenewedCredentials(tls)
}

class RenewedCredentials extends ServerCredentials {
  constructor(tls: ServerTls) {
    const isAsking = tls.verifiesClients
    super({ requestCert: isAsking, rejectUnauthorized: isAsking }, tls.contextOptions())
    tls.onChange(() => this.updateSecureContextOptions(tls.contextOptions()))
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other
  }
}
