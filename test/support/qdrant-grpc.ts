import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { services } from '../../src/api/qdrant/grpc/rpcs.ts'
import { exactInteger } from '../../src/api/qdrant/grpc/translate/fields.ts'
import { decodeMessage, encodeMessage, type Message } from '../../src/api/qdrant/grpc/wire/messages.ts'

/** A decoded message as plain values: 64-bit integers are texts, and what was not set is absent. */
export function plainMessage(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainMessage)
  if (typeof value !== 'object' || value === null) return value
  if ('low' in value && 'unsigned' in value) return String(exactInteger(value))
  const members = Object.entries(value as Message).filter(([, member]) => !isEmpty(member))
  return Object.fromEntries(members.map(([key, member]) => [key, plainMessage(member)]))
}

/** A list or a map that nothing was put into; a message without fields is not empty. */
function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  const isMap =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return isMap && Object.keys(value).length === 0
}

const bytes = (value: Buffer): Buffer => value

/** A client of Qdrant's gRPC API that sends messages as they are. */
export class GrpcClient {
  readonly #client: Client

  /** `address`: host and port. */
  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    })
  }

  /** `rpc` as in `Points/Upsert`. @throws ServiceError */
  async call(
    rpc: string,
    message: Message = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Message> {
    const [service = '', method = ''] = rpc.split('/')
    const types = services[`qdrant.${service}`]![method]!
    const path = `/qdrant.${service}/${method}`
    const answer = await this.send(path, encodeMessage(types.request, message), headers)
    return decodeMessage(types.response, answer)
  }

  /** @throws ServiceError */
  send(path: string, message: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Buffer> {
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, bytes, bytes, message, metadata, (error, answer) => {
        if (error !== null) reject(error)
        else resolve(answer!)
      })
    })
  }

  /** The status that a call is refused with. */
  async refusal(
    rpc: string,
    message: Message = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<readonly [code: number, text: string]> {
    try {
      await this.call(rpc, message, headers)
    } catch (error) {
      const { code, details } = error as ServiceError
      return [code, details]
    }
    throw new Error(`${rpc} was not refused`)
  }

  close(): void {
    this.#client.close()
  }
}
