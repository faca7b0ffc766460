import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startServer, temporaryFolder } from '../support/server-process.ts'
import { repositoryRoot } from '../support/source-files.ts'

const installMs = 10 * 60_000
const runMs = 5 * 60_000
const home = join(repositoryRoot, 'test', 'peers', 'python')

/** Goal: Qdrant's Python client works unmodified, over REST and gRPC. Method: install it in a folder of its own, play a script. */
test(
  "Qdrant's Python client",
  async () => {
    const python = await installClient()
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
  installMs + runMs + 60_000,
)

/** A Python that has the client, or why there is none on this machine. */
async function installClient(): Promise<{ readonly path: string } | { readonly missing: string }> {
  if (spawnSync('python3', ['--version']).status !== 0)
    return { missing: 'there is no python3 on this machine' }
  const folder = await temporaryFolder()
  const created = spawnSync('python3', ['-m', 'venv', folder], { encoding: 'utf8' })
  if (created.status !== 0) return { missing: `python3 makes no environment: ${lastLine(created.stdout)}` }
  const path = join(folder, 'bin', 'python')
  const installed = spawnSync(
    path,
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join(home, 'requirements.txt')],
    { encoding: 'utf8', timeout: installMs },
  )
  return installed.status === 0 ? { path } : { missing: `pip cannot get it: ${lastLine(installed.stderr)}` }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
