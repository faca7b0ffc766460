import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ownProcess } from '../support/own-things.ts'
import { temporaryFolder } from '../support/server-process.ts'
import { repositoryRoot } from '../support/source-files.ts'

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Runs the demonstration with its temporary files in `temporary`; `atLine` is called with each line as it comes. */
function runDemo(temporary: string, atLine: (line: string, interrupt: () => void) => void): Promise<Ended> {
  const child = ownProcess(
    spawn(process.execPath, ['--import', 'tsx', join('demo', 'main.ts')], {
      cwd: repositoryRoot,
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  let output = ''
  const read = (chunk: Buffer) => {
    output += chunk.toString()
    atLine(chunk.toString(), () => child.kill('SIGINT'))
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })))
}

test('the demonstration proves every claim and leaves nothing behind', async () => {
  const temporary = await temporaryFolder()
  const { code, output } = await runDemo(temporary, () => {})
  expect(output).toContain('Every claim held.')
  expect(output).not.toContain('NOT TRUE')
  expect(code).toBe(0)
  expect(await leftIn(temporary)).toEqual([])
})

test('the demonstration can be cancelled, and ends its server', async () => {
  const temporary = await temporaryFolder()
  let isInterrupted = false
  const { code, output } = await runDemo(temporary, (line, interrupt) => {
    if (isInterrupted || !line.includes('indexing')) return
    isInterrupted = true
    interrupt()
  })
  expect(output).not.toContain('Every claim held.')
  expect(code).toBe(130)
  const pid = Number(/process (\d+) at/.exec(output)?.[1])
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(await leftIn(temporary)).toEqual([])
})

/** The loader of TypeScript keeps a cache of its own there, and from 22.8 on Node one of compiled code. */
async function leftIn(temporary: string): Promise<readonly string[]> {
  return (await readdir(temporary)).filter(
    (name) => !name.startsWith('tsx-') && name !== 'node-compile-cache',
  )
}
