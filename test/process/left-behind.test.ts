import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { ownProcess } from '../support/own-things.ts'
import { repositoryRoot } from '../support/source-files.ts'
import { isAlive } from './left-behind/is-alive.ts'

// Goal: what a test starts and does not stop outlives neither its file nor the run.
// Method: runs of our own project with files whose tests stop nothing.

interface Left {
  readonly pid: number
  readonly url: string
  /** Servers that files before have left, and those of them that live. */
  readonly before: readonly number[]
  readonly alive: readonly number[]
}

const folder = join('test', 'process', 'left-behind')

/** A run of the files of that name; `onLeft` is told of each server as it is left. */
function run(name: string, onLeft: (left: Left) => void): ChildProcess {
  const config = ['--config', join(folder, 'vitest.config.ts')]
  const child = ownProcess(
    spawn(process.execPath, [join('node_modules', 'vitest', 'vitest.mjs'), 'run', ...config, name], {
      cwd: repositoryRoot,
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) onLeft(JSON.parse(line) as Left)
  })
  return child
}

test('no server outlives the file whose test has left it, nor the run', async () => {
  const left: Left[] = []
  const [code] = (await once(
    run('one', (one) => left.push(one)),
    'close',
  )) as [number]
  expect(code).toBe(0)
  expect(left.map(({ before, alive }) => ({ before: before.length, alive }))).toEqual([
    { before: 0, alive: [] },
    { before: 1, alive: [] },
  ])
  expect(left.map(({ pid }) => pid).filter(isAlive)).toEqual([])
})

test('no server outlives a run that is killed', async () => {
  const { child, left } = await new Promise<{ child: ChildProcess; left: Left }>((resolve, reject) => {
    const child = run('for-ever', (left) => resolve({ child, left }))
    child.once('close', (code) => reject(new Error(`The run has ended by itself (${String(code)})`)))
  })
  const isClosed = connectionTo(left)
  child.kill('SIGKILL')
  expect(await isClosed).toBe(true)
  // Ending, it may still take another one. (Whether its id is free says nothing: it has lost the parent that frees it.)
  while (await connectionTo(left));
})

/** Connects, and waits for the end of the connection: the server's own end, or a minute in which nothing is asked. False if nobody listens. */
function connectionTo({ url }: Left): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const connection = connect(Number(port), hostname)
  let isConnected = false
  connection.once('connect', () => (isConnected = true))
  connection.on('error', () => undefined)
  return new Promise((resolve) => connection.once('close', () => resolve(isConnected)))
}
