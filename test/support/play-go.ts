import { spawnSync } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { startServer, temporaryFolder, type ServerProcess } from './server-process.ts'
import { repositoryRoot } from './source-files.ts'

const buildMs = 15 * 60_000

/** How long it may take altogether. */
export const playGoMs = buildMs + 60_000

export interface GoPeer {
  /** As it is called where it is told of. */
  readonly client: string
  /** The module below `test/peers`. */
  readonly folder: string
  /** Its packages of tests, each played against a server of its own. */
  readonly suites: readonly string[]
  readonly serverArgs: readonly string[]
  /** Where the tests find the server. */
  readonly env: (server: ServerProcess) => Readonly<Record<string, string>>
}

/** Builds the tests of a Go client in a folder of their own, and plays them. Without Go, or its modules, says so. */
export async function playGo({ client, folder, suites, serverArgs, env }: GoPeer): Promise<void> {
  if (spawnSync('go', ['version']).status !== 0) {
    console.log(`${client} is not tried: there is no go on this machine`)
    return
  }
  const cwd = await temporaryFolder()
  await cp(join(repositoryRoot, 'test', 'peers', folder), cwd, { recursive: true })
  const options = { cwd, encoding: 'utf8', timeout: buildMs } as const
  const modules = spawnSync('go', ['mod', 'download'], options)
  if (modules.status !== 0) {
    console.log(`${client} is not tried: its modules can not be had: ${modules.stderr}`)
    return
  }
  for (const suite of suites) {
    const server = await startServer({ args: serverArgs })
    const { status, stdout, stderr } = spawnSync('go', ['test', '-count=1', '-vet=off', '-v', suite], {
      ...options,
      env: { ...process.env, ...env(server) },
    })
    await server.stop()
    const passed = stdout.match(/^--- PASS/gm)?.length ?? 0
    console.log(`${client}, ${suite}: ${passed} tests passed`)
    expect({ status, output: status === 0 ? '' : `${stdout}\n${stderr}` }).toEqual({ status: 0, output: '' })
    expect(passed).toBeGreaterThan(0)
  }
}
