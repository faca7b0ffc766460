import type { Metadata, Server, sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js'

export type ByteCall = ServerUnaryCall<Buffer, Buffer>
export type ByteHandler = (call: ByteCall, reply: sendUnaryData<Buffer>) => void

/** Adds a service of calls with one request and one answer, whose messages are left as the bytes that they are. */
export function addByteService(
  server: Server,
  service: string,
  handlers: Readonly<Record<string, ByteHandler>>,
): void {
  const bytes = (value: Buffer): Buffer => value
  const definition = Object.keys(handlers).map((name) => {
    const method = {
      path: `/${service}/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    }
    return [name, method] as const
  })
  server.addService(Object.fromEntries(definition), handlers)
}

/** Those metadata that are texts. */
export function textsOf(metadata: Metadata): Readonly<Record<string, string>> {
  const texts = Object.entries(metadata.getMap()).filter((entry) => typeof entry[1] === 'string')
  return Object.fromEntries(texts) as Record<string, string>
}
