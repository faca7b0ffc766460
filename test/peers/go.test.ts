import { test } from 'vitest'
import { playGo, playGoMs } from '../support/play-go.ts'

/** Goal: Qdrant's Go client works unmodified. Method: build its test in a folder of its own, play it against a server. */
test(
  "Qdrant's Go client",
  () =>
    playGo({
      client: "Qdrant's Go client",
      folder: 'go',
      suites: ['./...'],
      serverArgs: ['--grpc-port', '0'],
      env: (server) => ({ PEER_PORT: /"grpc":"[^"]*:(\d+)"/.exec(server.log())?.[1] ?? '' }),
    }),
  playGoMs,
)
