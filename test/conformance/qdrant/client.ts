import { QdrantClient } from '@qdrant/js-client-rest'
import { afterAll, beforeAll } from 'vitest'
import { startServer, type ServerProcess, type ServerOptions } from '../../support/server-process.ts'

export interface Door {
  /** The official client, unmodified. */
  readonly client: QdrantClient
  readonly server: ServerProcess
}

/** A server process for the tests of one file, and the client connected to it. */
export function useDoor(options: ServerOptions = {}): Door {
  let server: ServerProcess | undefined
  let client: QdrantClient | undefined
  beforeAll(async () => {
    server = await startServer(options)
    client = connect(server)
  })
  afterAll(async () => {
    await server?.stop()
  })
  return {
    get client() {
      return client!
    },
    get server() {
      return server!
    },
  }
}

export function connect(server: ServerProcess): QdrantClient {
  return new QdrantClient({ url: server.url, checkCompatibility: false })
}

/** The status and error text of a request that must fail. */
export async function refusal(request: Promise<unknown>): Promise<{ status: number; text: string }> {
  try {
    await request
  } catch (error) {
    const { status, data } = error as { status?: number; data?: { status?: { error?: string } } }
    return { status: status ?? 0, text: data?.status?.error ?? String(error) }
  }
  throw new Error('The request was accepted, but it should have been refused')
}
