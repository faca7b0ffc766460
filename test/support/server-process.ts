import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownFolder, ownProcess } from './own-things.ts'
import { repositoryRoot } from './source-files.ts'

const program = join(repositoryRoot, 'bin', 'stillpoint.js')

export interface ServerOptions {
  /** Behind `serve`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A folder that holds `storage` and `snapshots`; without one the server gets a new one. */
  readonly home?: string
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface ServerProcess {
  readonly url: string
  readonly home: string
  readonly storagePath: string
  readonly snapshotsPath: string
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<Ended>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<Ended>
  /** What it has written so far, to stdout and stderr. */
  log(): string
}

/** A folder below the system's for the tests of one file, removed after them. */
export async function temporaryFolder(): Promise<string> {
  return ownFolder(await mkdtemp(join(tmpdir(), 'stillpoint-')))
}

/** Runs the command line to its end. */
export function runCli(args: readonly string[], options: Omit<ServerOptions, 'args'> = {}): Promise<Ended> {
  return startCli(args, options).ended
}

/** Runs the command line, to be looked at or interrupted meanwhile. */
export function startCli(
  args: readonly string[],
  options: Omit<ServerOptions, 'args'> = {},
): { readonly process: ChildProcess; readonly ended: Promise<Ended> } {
  return start(args, options.home ?? tmpdir(), options.env)
}

/** Starts `stillpoint serve` from dist/ on a port of the system's choice and waits until it answers; requests wait for what is not loaded yet. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const home = options.home ?? (await temporaryFolder())
  const paths = { storagePath: join(home, 'storage'), snapshotsPath: join(home, 'snapshots') }
  const flags = [
    '--http-port',
    '0',
    '--storage-path',
    paths.storagePath,
    '--snapshots-path',
    paths.snapshotsPath,
  ]
  const child = start(['serve', ...flags, ...(options.args ?? [])], home, options.env)
  const end = (signal: NodeJS.Signals) => {
    child.process.kill(signal)
    return child.ended
  }
  const url = await child.firstMatch(/REST +(http:\S+)/)
  const answer = await fetch(`${url}/livez`)
  if (!answer.ok) throw new Error(`The server listens but does not live: ${answer.status}\n${child.log()}`)
  return {
    url,
    home,
    ...paths,
    process: child.process,
    ended: child.ended,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    log: child.log,
  }
}

interface Child {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  log(): string
  /** The first group of the first match on stdout; rejects if the process ends before. */
  firstMatch(pattern: RegExp): Promise<string>
}

function start(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Child {
  const child = ownProcess(
    spawn(process.execPath, [program, ...args], {
      cwd,
      env: { ...withoutSettings(process.env), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return {
    process: child,
    ended,
    log: () => stdout + stderr,
    firstMatch: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(stdout)?.[1]
          if (found !== undefined) resolve(found)
        }
        child.stdout.on('data', look)
        look()
        void ended.then(({ code }) =>
          reject(new Error(`The server ended at its start (${String(code)}):\n${stdout}${stderr}`)),
        )
      }),
  }
}

/** The settings of whoever runs the tests are not the tests'. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(QDRANT|STILLPOINT)__/.test(name)))
}
