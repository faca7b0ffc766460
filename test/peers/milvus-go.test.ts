import { test } from 'vitest'
import { milvusAddress } from '../support/milvus-address.ts'
import { playGo, playGoMs } from '../support/play-go.ts'

/** Goal: Milvus' Go client works unmodified, and so do the stubs of the newest definitions, which know snapshots.
 * Method: build their tests in a folder of their own, play each against a server of its own. */
test(
  "Milvus' Go client",
  () =>
    playGo({
      client: "Milvus' Go client",
      folder: 'milvus-go',
      suites: ['./client', './snapshots'],
      serverArgs: ['--milvus-port', '0'],
      env: (server) => ({ PEER_ADDRESS: milvusAddress(server) }),
    }),
  playGoMs,
)
