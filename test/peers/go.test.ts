import { spawnSync } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startServer, temporaryFolder } from '../support/server-process.ts'
import { repositoryRoot } from '../support/source-files.ts'

const buildMs = 15 * 60_000

/** Goal: Qdrant's Go client works unmodified. Method: build its test in a folder of its own, play it against a server. */
test(
  "Qdrant's Go client",
  async () => {
    if (spawnSync('go', ['version']).status !== 0) {
      console.log("Qdrant's Go client is not tried: there is no go on this machine")
      return
    }
    const folder = await temporaryFolder()
    await cp(join(repositoryRoot, 'test', 'peers', 'go'), folder, { recursive: true })
    const modules = spawnSync('go', ['mod', 'download'], { cwd: folder, encoding: 'utf8', timeout: buildMs })
    if (modules.status !== 0) {
      console.log(`Qdrant's Go client is not tried: its modules can not be had: ${modules.stderr}`)
      return
    }
    const server = await startServer({ args: ['--grpc-port', '0'] })
    const port = /"grpc":"[^"]*:(\d+)"/.exec(server.log())?.[1] ?? ''
    const { status, stdout, stderr } = spawnSync('go', ['test', '-count=1', '-vet=off', '-v', './...'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PEER_PORT: port },
      timeout: buildMs,
    })
    await server.stop()
    const passed = stdout.match(/^--- PASS/gm)?.length ?? 0
    console.log(`Qdrant's Go client: ${passed} tests passed`)
    expect({ status, output: status === 0 ? '' : `${stdout}\n${stderr}` }).toEqual({ status: 0, output: '' })
    expect(passed).toBeGreaterThan(0)
  },
  buildMs + 60_000,
)
