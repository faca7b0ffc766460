import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { pythonInstallMs, pythonWith } from './python-environment.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import { repositoryRoot } from './source-files.ts'

const runMs = 5 * 60_000

/** How long it may take altogether. */
export const playPythonMs = pythonInstallMs + runMs + 60_000

export interface PythonPeer {
  /** As it is called where it is told of. */
  readonly client: string
  /** The one of `test/peers` that has its `requirements.txt`, and its `peer.py`. */
  readonly folder: string
  readonly serverArgs: readonly string[]
  /** Where the script finds the server. */
  readonly env: (server: ServerProcess) => Readonly<Record<string, string>>
}

/** Installs a Python client in a folder of its own, and plays its script against a server. Without Python, says so. */
export async function playPython({ client, folder, serverArgs, env }: PythonPeer): Promise<void> {
  const home = join(repositoryRoot, 'test', 'peers', folder)
  const python = await pythonWith(join(home, 'requirements.txt'))
  if ('missing' in python) {
    console.log(`${client} is not tried: ${python.missing}`)
    return
  }
  const server = await startServer({ args: serverArgs })
  const { status, stdout, stderr } = spawnSync(python.path, [join(home, 'peer.py')], {
    encoding: 'utf8',
    env: { ...process.env, ...env(server), PYTHONDONTWRITEBYTECODE: '1' },
    timeout: runMs,
  })
  await server.stop()
  const passed = stdout.match(/^pass /gm)?.length ?? 0
  console.log(`${client}: ${passed} tests passed`)
  expect({ status, output: status === 0 ? '' : `${stdout}\n${stderr}` }).toEqual({ status: 0, output: '' })
  expect(passed).toBeGreaterThan(0)
}
