import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ownProcess } from '../../support/own-things.ts'
import { temporaryFolder } from '../../support/server-process.ts'

const startSteps = 600
const startStepMs = 100

/** A Qdrant that was built elsewhere, on loopback, with a folder of its own. */
export interface QdrantServer {
  readonly url: string
  /** As it calls itself: `1.19.0`. */
  readonly version: string
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
}

export interface QdrantOptions {
  /** One of a single node, as shard keys want it. */
  readonly isCluster?: boolean
  readonly args?: readonly string[]
}

/** @throws Error if it does not become ready */
export async function startQdrant(
  program: string,
  { isCluster = false, args = [] }: QdrantOptions = {},
): Promise<QdrantServer> {
  const home = await temporaryFolder()
  await mkdir(join(home, 'snapshots'))
  const [http, grpc, peer] = [await freePort(), await freePort(), await freePort()]
  const child = ownProcess(
    spawn(program, [...(isCluster ? ['--uri', `http://127.0.0.1:${peer}`] : []), ...args], {
      cwd: home,
      env: {
        ...process.env,
        QDRANT__SERVICE__HOST: '127.0.0.1',
        QDRANT__SERVICE__HTTP_PORT: String(http),
        QDRANT__SERVICE__GRPC_PORT: String(grpc),
        QDRANT__CLUSTER__ENABLED: String(isCluster),
        QDRANT__CLUSTER__P2P__PORT: String(peer),
        QDRANT__STORAGE__STORAGE_PATH: join(home, 'storage'),
        QDRANT__STORAGE__SNAPSHOTS_PATH: join(home, 'snapshots'),
        QDRANT__TELEMETRY_DISABLED: 'true',
        QDRANT__LOG_LEVEL: 'ERROR',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  )
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${http}`
  for (let step = 0; child.exitCode === null; step++) {
    if (await isReady(url)) break
    if (step === startSteps) throw new Error(`${program} does not become ready`)
    await wait(startStepMs)
  }
  if (child.exitCode !== null) throw new Error(`${program} ended at its start: ${child.exitCode}`)
  const { version } = (await (await fetch(url)).json()) as { version: string }
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  return { url, version, stop }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok
  } catch {
    // It does not listen yet.
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
