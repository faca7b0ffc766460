import { describe, expect, test } from 'vitest'
import { makeCollection } from '../support/qdrant-rest.ts'
import { runCli, startServer, temporaryFolder, type ServerProcess } from '../support/server-process.ts'

// The command line against a server that runs, and against a store that no server has open.

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const against =
  (server: ServerProcess) =>
  (line: string, env: Readonly<Record<string, string>> = {}) =>
    runCli(line.split(' '), { env: { STILLPOINT_URL: server.url, ...env } })

/** Of a command with --json. */
function told<T>({ code, stdout, stderr }: Ran): T {
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return JSON.parse(stdout) as T
}

interface Snapshot {
  readonly id: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly holds: readonly unknown[]
}

interface Collection {
  readonly name: string
  readonly pointCount: number
}

describe('the command line', () => {
  test('makes, lists, labels, holds, releases and deletes snapshots', async () => {
    const server = await startServer()
    await makeCollection(server.url, 'plants', 3)
    const stillpoint = against(server)
    const made = told<Snapshot>(
      await stillpoint('snapshot create plants --name a --label env=prod --hold --json'),
    )
    expect(made).toMatchObject({ name: 'a', labels: { env: 'prod' }, holds: [{ until: null }] })
    await stillpoint('snapshot create --name all')

    const list = await stillpoint('snapshot list')
    expect(list).toMatchObject({ code: 0, stderr: '' })
    const [title, first, second] = list.stdout.split('\n')
    expect(title).toMatch(/^NAME +OF +CREATED +REASON +LABELS +HELD +VERIFIED +ID$/)
    expect(first).toMatch(/^all +\(store\) +\d{4}-/)
    expect(second).toMatch(/^a +plants +.* manual +env=prod +held +/)
    expect(first!.indexOf('(store)')).toBe(title!.indexOf('OF'))

    const page = told<{ snapshots: Snapshot[] }>(await stillpoint('snapshot list --label env=prod --json'))
    expect(page.snapshots.map(({ name }) => name)).toEqual(['a'])
    expect(await stillpoint('snapshot list --limit 1')).toMatchObject({
      stderr: expect.stringMatching(/^there are more: --after \S+\n$/),
    })
    expect(await stillpoint('snapshot delete plants@a')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: Cannot delete .*\[snapshot-held\]\n$/),
    })
    expect(told<Snapshot>(await stillpoint('snapshot label a env- team=x --json')).labels).toEqual({
      team: 'x',
    })
    expect(await stillpoint('snapshot release a')).toMatchObject({ code: 0, stdout: 'released 1\n' })
    expect(await stillpoint('snapshot delete plants@a all')).toMatchObject({ code: 0 })
    expect(await stillpoint('snapshot list')).toMatchObject({ code: 0, stdout: 'no snapshots\n' })
    await server.stop()
  })

  test('clones, rolls back, takes that back, and restores under another name', async () => {
    const server = await startServer()
    await makeCollection(server.url, 'plants', 3)
    const stillpoint = against(server)
    await stillpoint('snapshot create plants --name a')
    expect(told<Collection>(await stillpoint('snapshot clone plants@a copy --json'))).toMatchObject({
      name: 'copy',
      pointCount: 3,
    })
    await makeCollection(server.url, 'herbs', 1)
    expect(await stillpoint('snapshot rollback plants a')).toMatchObject({ code: 0, stderr: '' })
    const undone = await stillpoint('snapshot undo plants')
    expect(undone).toMatchObject({ code: 0, stdout: expect.stringMatching(/before-rollback/) })
    expect(await stillpoint('snapshot undo herbs')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/there was no rollback of herbs/),
    })
    expect(await stillpoint('snapshot restore plants@a --collection plants=then')).toMatchObject({ code: 0 })
    const { collections } = told<{ collections: Collection[] }>(await stillpoint('collection list --json'))
    expect(collections.map(({ name }) => name)).toEqual(['copy', 'herbs', 'plants', 'then'])
    expect(await stillpoint('collection count plants@a')).toMatchObject({ code: 0, stdout: '3\n' })
    await server.stop()
  })

  test('says what is wrong, with an exit code of its own for a wrong command line', async () => {
    const server = await startServer({ env: { STILLPOINT__SERVICE__API_KEY: 'gate' } })
    const stillpoint = against(server)
    expect(await stillpoint('snapshot list')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/key-missing/),
    })
    expect(await stillpoint('snapshot list --api-key gate')).toMatchObject({ code: 0 })
    expect(await stillpoint('snapshot list', { STILLPOINT_API_KEY: 'gate' })).toMatchObject({ code: 0 })
    expect(await stillpoint('snapshot lst')).toMatchObject({ code: 2 })
    expect(await stillpoint('snapshot show')).toMatchObject({ code: 2 })
    expect(await stillpoint('retention set soon')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: Cannot use the duration soon/),
    })
    expect(await stillpoint('snapshot list --limit 0 --api-key gate')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/query of the request: limit: .*\[request-invalid\]/),
    })
    await server.stop()
    expect(await stillpoint('snapshot list')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: Cannot reach http:.*no server listens there/),
    })
  })

  test('works on a store that no server has open, and says so if one has', async () => {
    const server = await startServer()
    await makeCollection(server.url, 'plants', 3)
    const store = ['--storage-path', server.storagePath]
    expect(await runCli(['snapshot', 'list', ...store])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /it is open in another process .* give its --url instead \[store-locked\]/,
      ),
    })
    await server.stop()
    told(await runCli(['snapshot', 'create', 'plants', '--name', 'cold', '--json', ...store]))
    expect(await runCli(['collection', 'count', 'plants@cold', ...store])).toMatchObject({
      code: 0,
      stdout: '3\n',
    })
    const empty = await temporaryFolder()
    expect(await runCli(['snapshot', 'list', '--storage-path', empty])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/there is no database in it/),
    })
  })
})
