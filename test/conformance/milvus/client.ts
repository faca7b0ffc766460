import { MilvusClient, type ResStatus } from '@zilliz/milvus2-sdk-node'
import { afterAll, beforeAll, expect } from 'vitest'
import { milvusAddress } from '../../support/milvus-address.ts'
import { startServer, type ServerOptions, type ServerProcess } from '../../support/server-process.ts'

export interface Door {
  /** The official client, unmodified. */
  readonly client: MilvusClient
  readonly server: ServerProcess
  /** Kills the server with SIGKILL and starts another one on the same folders; `client` is connected to that one. */
  crash(): Promise<void>
}

/** A server process for the tests of one file, and the client connected to it. */
export function useDoor(options: ServerOptions = {}): Door {
  let server: ServerProcess | undefined
  let client: MilvusClient | undefined
  const start = async (home?: string) => {
    server = await startServer({
      ...options,
      ...(home === undefined ? {} : { home }),
      args: ['--milvus-port', '0', ...(options.args ?? [])],
    })
    client = connect(server)
    await client.connectPromise
  }
  beforeAll(() => start())
  afterAll(async () => {
    await client?.closeConnection()
    await server?.stop()
  })
  return {
    get client() {
      return client!
    },
    get server() {
      return server!
    },
    async crash() {
      const home = server!.home
      await server!.kill()
      await client!.closeConnection()
      await start(home)
    },
  }
}

/** A client of a server's Milvus API. It must not try again: what fails at the first time is a finding. */
export function connect(server: ServerProcess, database?: string): MilvusClient {
  return new MilvusClient({
    address: milvusAddress(server),
    maxRetries: 0,
    logLevel: 'error',
    ...(database === undefined ? {} : { database }),
  })
}

/** The answer, if it is a success. Statuses stand at the top or as a member. */
export async function good<T>(answer: Promise<T>): Promise<T> {
  const got = await answer
  expect(statusOf(got)).toMatchObject({ error_code: 'Success', code: 0 })
  return got
}

/** The code and reason of a call that must fail; the client throws some refusals and returns others. */
export async function refusal(answer: Promise<unknown>): Promise<{ code: number; reason: string }> {
  let status: Partial<ResStatus>
  try {
    status = statusOf(await answer)
  } catch (error) {
    const { code = -1, reason, message } = error as { code?: number; reason?: string; message?: string }
    return { code: Number(code), reason: reason ?? message ?? String(error) }
  }
  if (status.code === 0) throw new Error('The call was accepted, but it should have been refused')
  return { code: Number(status.code), reason: String(status.reason) }
}

function statusOf(answer: unknown): Partial<ResStatus> {
  return (answer as { status?: ResStatus }).status ?? (answer as ResStatus)
}
