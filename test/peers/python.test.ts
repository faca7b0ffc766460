import { test } from 'vitest'
import { playPython, playPythonMs } from '../support/play-python.ts'

/** Goal: Qdrant's Python client works unmodified, over REST and gRPC. Method: install it in a folder of its own, play a script. */
test(
  "Qdrant's Python client",
  () =>
    playPython({
      client: "Qdrant's Python client",
      folder: 'python',
      serverArgs: ['--grpc-port', '0'],
      env: (server) => ({
        PEER_REST_PORT: new URL(server.url).port,
        PEER_GRPC_PORT: /"grpc":"[^"]*:(\d+)"/.exec(server.log())?.[1] ?? '',
      }),
    }),
  playPythonMs,
)
