import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pythonInstallMs, pythonWith } from '../support/python-environment.ts'
import { startServer } from '../support/server-process.ts'
import { repositoryRoot } from '../support/source-files.ts'

const runMs = 5 * 60_000
const home = join(repositoryRoot, 'test', 'peers', 'python')

/** Goal: Qdrant's Python client works unmodified, over REST and gRPC. Method: install it in a folder of its own, play a script. */
test(
  "Qdrant's Python client",
  async () => {
    const python = await pythonWith(join(home, 'requirements.txt'))
    if ('missing' in python) {
      console.log(`Qdrant's Python client is not tried: ${python.missing}`)
      return
    }
    const server = await startServer({ args: ['--grpc-port', '0'] })
    const { status, stdout, stderr } = spawnSync(python.path, [join(home, 'peer.py')], {
      encoding: 'utf8',
      env: {
        ...process.env,
        PEER_REST_PORT: new URL(server.url).port,
        PEER_GRPC_PORT: /"grpc":"[^"]*:(\d+)"/.exec(server.log())?.[1] ?? '',
      },
      timeout: runMs,
    })
    await server.stop()
    const passed = stdout.match(/^pass /gm)?.length ?? 0
    console.log(`Qdrant's Python client: ${passed} tests passed`)
    expect({ status, output: status === 0 ? '' : `${stdout}\n${stderr}` }).toEqual({ status: 0, output: '' })
    expect(passed).toBeGreaterThan(0)
  },
  pythonInstallMs + runMs + 60_000,
)
