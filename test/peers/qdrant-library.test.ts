import { test } from 'vitest'
import { playPython, playPythonMs } from '../support/play-python.ts'

/** Goal: archives from before Qdrant 1.19 come in whole. Method: its own library of then writes shards, and says what is in them. */
test(
  "Qdrant's library of 1.18",
  () =>
    playPython({
      client: "Qdrant's library of 1.18",
      folder: 'qdrant-library',
      serverArgs: [],
      env: (server) => ({ PEER_URL: server.url }),
    }),
  playPythonMs,
)
