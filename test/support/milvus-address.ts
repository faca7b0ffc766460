import type { ServerProcess } from './server-process.ts'

/** Host and port at which a server that was started with `--milvus-port` speaks Milvus' gRPC API. */
export function milvusAddress(server: ServerProcess): string {
  const address = /"milvus":"(?:https?:\/\/)?([^"]+)"/.exec(server.log())?.[1]
  if (address === undefined) throw new Error(`The server does not speak Milvus' API:\n${server.log()}`)
  return address
}
