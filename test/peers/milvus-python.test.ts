import { test } from 'vitest'
import { milvusAddress } from '../support/milvus-address.ts'
import { playPython, playPythonMs } from '../support/play-python.ts'

/** Goal: Milvus' Python client works unmodified, snapshots first. Method: install it in a folder of its own, play a script. */
test(
  "Milvus' Python client",
  () =>
    playPython({
      client: "Milvus' Python client",
      folder: 'milvus-python',
      serverArgs: ['--milvus-port', '0'],
      env: (server) => ({ PEER_URI: `http://${milvusAddress(server)}` }),
    }),
  playPythonMs,
)
