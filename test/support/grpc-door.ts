import { ServerCredentials } from '@grpc/grpc-js'
import { createGrpcServer } from '../../src/api/qdrant/grpc/grpc-server.ts'
import type { QdrantDoorOptions } from '../../src/api/qdrant/routes.ts'
import { openTestQdrantDoor } from './qdrant-door.ts'
import { GrpcClient } from './qdrant-grpc.ts'

export interface OpenGrpcDoor {
  readonly client: GrpcClient
  readonly address: string
  close(): Promise<void>
}

/** Qdrant's gRPC API over a new database, on a port of the system's choice. */
export async function openGrpcDoor(more: Partial<QdrantDoorOptions> = {}): Promise<OpenGrpcDoor> {
  const qdrant = await openTestQdrantDoor(
    { archivesMode: 'files', maxRequestBytes: 32 * 2 ** 20, ...more },
    {},
  )
  const logger = { error: console.error, info: () => undefined, debug: () => undefined }
  const server = createGrpcServer({
    door: qdrant.door,
    logger,
    onFatal: (error) => {
      throw error
    },
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  const address = `127.0.0.1:${port}`
  const client = new GrpcClient(address)
  return {
    client,
    address,
    close: async () => {
      client.close()
      server.forceShutdown()
      await qdrant.close()
    },
  }
}
