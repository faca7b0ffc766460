import { Client, credentials } from '@grpc/grpc-js'
import { createServer, type AddressInfo } from 'node:net'
import { decodeMessage, encodeMessage } from '../../src/api/milvus/wire/messages.ts'
import { rpcs, serviceName } from '../../src/api/milvus/wire/rpcs.ts'
import type { RandomPoints } from './random-points.ts'

const messageBytesMax = 256 * 2 ** 20
const int64 = 5
const floatVector = 101

/** Speaks Milvus' gRPC API, with columns as flat as they are sent: the load generator must not be what is measured. */
export class MilvusClient {
  readonly #client: Client

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.max_send_message_length': messageBytesMax,
      'grpc.max_receive_message_length': messageBytesMax,
    })
  }

  /** @throws Error if the answer is no success */
  async call<T>(rpc: string, request: object): Promise<T> {
    const types = rpcs[rpc]
    if (types === undefined) throw new Error(`Milvus has no ${rpc}`)
    const answer = await new Promise<Record<string, unknown>>((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/${serviceName}/${rpc}`,
        (message: object) => Buffer.from(encodeMessage(types.request, message)),
        (bytes: Buffer) => decodeMessage(types.response, bytes) as Record<string, unknown>,
        request,
        (error, message) => (error === null ? resolve(message!) : reject(error)),
      )
    })
    const status = (answer['status'] ?? answer) as { readonly code?: number; readonly reason?: string }
    if ((status.code ?? 0) !== 0) throw new Error(`${rpc} was answered with: ${String(status.reason)}`)
    return answer as T
  }

  /** A collection with the key `id` and a vector `v`. */
  async createCollection(name: string, dimensions: number): Promise<void> {
    const fields = [
      { name: 'id', data_type: int64, is_primary_key: true },
      { name: 'v', data_type: floatVector, type_params: [{ key: 'dim', value: String(dimensions) }] },
    ]
    const schema = encodeMessage('CollectionSchema', { name, fields })
    await this.call('CreateCollection', { collection_name: name, schema })
  }

  /** Rows with the keys from `first`; answered when they are on disk. */
  async upsert(
    collection: string,
    points: RandomPoints,
    rows: { readonly first: number; readonly count: number; readonly dimensions: number },
  ): Promise<void> {
    const { first, count, dimensions } = rows
    const keys = Array.from({ length: count }, (_, i) => BigInt(first + i))
    const data = Float32Array.from({ length: count * dimensions }, () => points.below(2_000) / 1_000 - 1)
    await this.call('Upsert', {
      collection_name: collection,
      num_rows: count,
      fields_data: [
        { type: int64, field_name: 'id', scalars: { long_data: { data: keys } } },
        { type: floatVector, field_name: 'v', vectors: { dim: BigInt(dimensions), float_vector: { data } } },
      ],
    })
  }

  close(): void {
    this.#client.close()
  }
}

/** A port that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
