import { execFile } from 'node:child_process'
import { readFile, symlink, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { startServer, temporaryFolder } from '../support/server-process.ts'
import { repositoryRoot } from '../support/source-files.ts'

// What the README tells people to type is run as it stands there, apart from the port.

const run = promisify(execFile)

async function examples(language: string): Promise<readonly string[]> {
  const readme = await readFile(join(repositoryRoot, 'README.md'), 'utf8')
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    (match) => match[1] ?? '',
  )
}

/** Runs a program in a folder of its own, where the packages are found by their names. */
async function runProgram(code: string): Promise<string> {
  const home = await temporaryFolder()
  await mkdir(join(home, 'node_modules', '@qdrant'), { recursive: true })
  await symlink(repositoryRoot, join(home, 'node_modules', 'stillpoint'))
  const client = join('node_modules', '@qdrant', 'js-client-rest')
  await symlink(join(repositoryRoot, client), join(home, client))
  await writeFile(join(home, 'example.mjs'), code)
  return (await run(process.execPath, ['example.mjs'], { cwd: home })).stdout
}

describe('the README', () => {
  test('its commands for curl take a snapshot and list it', async () => {
    const server = await startServer()
    const [commands = ''] = await examples('sh')
    const { stdout } = await run('sh', [
      '-e',
      '-c',
      commands.replaceAll('localhost:6333', new URL(server.url).host),
    ])
    const answers = stdout.trim().split(/(?<=\})(?=\{"result)/)
    expect(answers).toHaveLength(4)
    for (const answer of answers) expect(JSON.parse(answer)).toMatchObject({ status: 'ok' })
    expect(JSON.parse(answers[3] ?? '')).toMatchObject({
      result: [{ name: expect.stringMatching(/^plants-.*\.snapshot$/) }],
    })
    await server.stop()
  })

  test('its commands for what else a snapshot can do', async () => {
    const server = await startServer()
    const [first = '', second = ''] = await examples('sh')
    const commands = `${first.replaceAll('localhost:6333', new URL(server.url).host)}\n${second}`
    const { stdout } = await run('sh', ['-e', '-c', commands], {
      cwd: repositoryRoot,
      env: { ...process.env, STILLPOINT_URL: server.url },
    })
    expect(stdout).toContain('0 added, 0 removed, 0 changed, 1 unchanged')
    expect(stdout).toContain('nothing is wrong')
    await server.stop()
  })

  test('its program for Qdrant’s client gets the collection back', async () => {
    const server = await startServer()
    const [code = ''] = (await examples('js')).filter((example) => example.includes('QdrantClient'))
    expect(await runProgram(code.replaceAll('http://localhost:6333', server.url))).toContain(
      "payload: { kind: 'sage' }",
    )
    await server.stop()
  })

  test('its embedded program prints what it says', async () => {
    const [code = ''] = (await examples('js')).filter((example) => example.includes("from 'stillpoint'"))
    expect(await runProgram(code)).toBe('0 1\n1\n')
  })
})
