import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServerCredentials } from '@grpc/grpc-js'
import { createGrpcServer } from '../../src/api/qdrant/grpc/grpc-server.ts'
import { openDoor, type QdrantDoorOptions } from '../../src/api/qdrant/routes.ts'
import { open } from '../../src/index.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { GrpcClient } from './qdrant-grpc.ts'

export interface OpenGrpcDoor {
  readonly client: GrpcClient
  readonly address: string
  close(): Promise<void>
}

/** Qdrant's gRPC API over a new database, on a port of the system's choice. */
export async function openGrpcDoor(more: Partial<QdrantDoorOptions> = {}): Promise<OpenGrpcDoor> {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-grpc-'))
  const database = await open(join(folder, 'storage'))
  const door = openDoor({
    database,
    archives: database.archiveFolder(join(folder, 'snapshots')),
    archivesMode: 'files',
    clock: systemClock,
    version: '1.19.0',
    allowUrlRecovery: false,
    download: () => Promise.reject(new Error('not in this test')),
    snapshotsPath: join(folder, 'snapshots'),
    maxRequestBytes: 32 * 2 ** 20,
    readiness: () => true,
    ...more,
  })
  const logger = { error: console.error, info: () => undefined, debug: () => undefined }
  const server = createGrpcServer({
    door,
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
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
