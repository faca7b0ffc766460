import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { milvusAddress } from '../support/milvus-address.ts'
import { pythonInstallMs, pythonWith } from '../support/python-environment.ts'
import { startServer } from '../support/server-process.ts'
import { repositoryRoot } from '../support/source-files.ts'

const runMs = 5 * 60_000
const home = join(repositoryRoot, 'test', 'peers', 'milvus-python')

/** Goal: Milvus' Python client works unmodified, snapshots first. Method: install it in a folder of its own, play a script. */
test(
  "Milvus' Python client",
  async () => {
    const python = await pythonWith(join(home, 'requirements.txt'))
    if ('missing' in python) {
      console.log(`Milvus' Python client is not tried: ${python.missing}`)
      return
    }
    const server = await startServer({ args: ['--milvus-port', '0'] })
    const { status, stdout, stderr } = spawnSync(python.path, [join(home, 'peer.py')], {
      encoding: 'utf8',
      env: { ...process.env, PEER_URI: `http://${milvusAddress(server)}`, PYTHONDONTWRITEBYTECODE: '1' },
      timeout: runMs,
    })
    await server.stop()
    const passed = stdout.match(/^pass /gm)?.length ?? 0
    console.log(`Milvus' Python client: ${passed} tests passed`)
    expect({ status, output: status === 0 ? '' : `${stdout}\n${stderr}` }).toEqual({ status: 0, output: '' })
    expect(passed).toBeGreaterThan(0)
  },
  pythonInstallMs + runMs + 60_000,
)
