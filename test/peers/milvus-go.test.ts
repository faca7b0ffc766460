import { spawnSync } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { milvusAddress } from '../support/milvus-address.ts'
import { startServer, temporaryFolder } from '../support/server-process.ts'
import { repositoryRoot } from '../support/source-files.ts'

const buildMs = 15 * 60_000

/** Goal: Milvus' Go client works unmodified, and so do the stubs of the newest definitions, which know snapshots.
 * Method: build their tests in a folder of their own, play each against a server of its own. */
test(
  "Milvus' Go client",
  async () => {
    if (spawnSync('go', ['version']).status !== 0) {
      console.log("Milvus' Go client is not tried: there is no go on this machine")
      return
    }
    const folder = await temporaryFolder()
    await cp(join(repositoryRoot, 'test', 'peers', 'milvus-go'), folder, { recursive: true })
    const modules = spawnSync('go', ['mod', 'download'], { cwd: folder, encoding: 'utf8', timeout: buildMs })
    if (modules.status !== 0) {
      console.log(`Milvus' Go client is not tried: its modules can not be had: ${modules.stderr}`)
      return
    }
    for (const suite of ['client', 'snapshots']) {
      const server = await startServer({ args: ['--milvus-port', '0'] })
      const command = ['test', '-count=1', '-vet=off', '-v', `./${suite}`]
      const { status, stdout, stderr } = spawnSync('go', command, {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, PEER_ADDRESS: milvusAddress(server) },
        timeout: buildMs,
      })
      await server.stop()
      const passed = stdout.match(/^--- PASS/gm)?.length ?? 0
      console.log(`Milvus' Go ${suite}: ${passed} tests passed`)
      expect({ status, output: status === 0 ? '' : `${stdout}\n${stderr}` }).toEqual({
        status: 0,
        output: '',
      })
      expect(passed).toBeGreaterThan(0)
    }
  },
  buildMs + 60_000,
)
