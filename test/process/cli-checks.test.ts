import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { call, makeCollection } from '../support/qdrant-rest.ts'
import { runCli, startCli, startServer, temporaryFolder } from '../support/server-process.ts'

// What takes long, from the command line: verify, drill, partial restore, policies, archives.

interface Job {
  readonly id: string
  readonly kind: string
  readonly state: string
}

async function setUp() {
  const server = await startServer()
  await makeCollection(server.url, 'plants', 300)
  const stillpoint = (line: string, ...more: readonly string[]) =>
    runCli([...line.split(' '), ...more], { env: { STILLPOINT_URL: server.url } })
  await stillpoint('snapshot create plants --name a')
  return { server, stillpoint }
}

describe('the command line', () => {
  test('verifies, drills and restores a part, as jobs', async () => {
    const { server, stillpoint } = await setUp()
    expect(await stillpoint('snapshot verify a')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^nothing is wrong: read \d+ files/),
    })
    expect(JSON.parse((await stillpoint('snapshot drill a --json')).stdout)).toMatchObject({
      ok: true,
      collections: [{ name: 'plants', pointCount: 300 }],
    })
    const filter = JSON.stringify({ must: [{ kind: 'field', path: 'n', range: { lte: 10 } }] })
    expect(await stillpoint('snapshot restore-partial plants@a few --filter', filter)).toMatchObject({
      code: 0,
      stdout: 'restored few (10 points)\n',
    })
    expect(await stillpoint('snapshot restore-partial plants@a x --vector none')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: Job \S+ failed: .*\[vector-unknown\]\n$/),
    })
    const { jobs } = JSON.parse((await stillpoint('job list --json')).stdout) as { jobs: Job[] }
    expect(jobs.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'restore-partial failed',
      'restore-partial completed',
      'drill completed',
      'verify completed',
    ])
    const shown = await stillpoint(`job show ${jobs[2]!.id}`)
    expect(shown.stdout).toMatch(/^state +completed$/m)
    expect(await stillpoint(`job cancel ${jobs[2]!.id}`)).toMatchObject({ code: 0 })
    expect(await stillpoint('job show none')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/job-not-found/),
    })
    await server.stop()
  })

  test('a verification that finds damage names the file and ends with 1', async () => {
    const { server, stillpoint } = await setUp()
    await stillpoint('snapshot verify a')
    const segments = join(server.storagePath, 'segments')
    const [segment] = await readdir(segments)
    const file = (await readdir(join(segments, segment!))).find((name) => name.endsWith('.parquet'))!
    const bytes = await readFile(join(segments, segment!, file))
    bytes[bytes.length >> 1]! ^= 1
    await writeFile(join(segments, segment!, file), bytes)
    expect(await stillpoint('snapshot verify a')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`segments/${segment!}/${file}: `),
      stderr: expect.stringMatching(/^error: Snapshot a is damaged: 1 problems\n$/),
    })
    expect((await stillpoint('snapshot list')).stdout).toContain('DAMAGED')
    await server.stop()
  })

  test('Ctrl-C cancels the job, and only that', async () => {
    const { server, stillpoint } = await setUp()
    const running = startCli(['snapshot', 'verify', 'a', '--rate', '1'], {
      env: { STILLPOINT_URL: server.url },
    })
    const jobs = async () =>
      (await (await fetch(`${server.url}/v1/jobs?kind=verify`)).json()) as { readonly jobs: readonly Job[] }
    while ((await jobs()).jobs.length === 0) await new Promise(setImmediate)
    running.process.kill('SIGINT')
    expect(await running.ended).toMatchObject({ code: 130, stderr: expect.stringMatching(/was cancelled/) })
    expect((await jobs()).jobs).toMatchObject([{ state: 'cancelled' }])
    expect(await stillpoint('snapshot show a')).toMatchObject({ code: 0 })
    await server.stop()
  })

  test('puts, plans, runs and deletes policies', async () => {
    const { server, stillpoint } = await setUp()
    const put = await stillpoint(
      'policy put nightly --collection plants --keep last=1 --schedule',
      '0 2 * * *',
    )
    expect(put).toMatchObject({ code: 0, stdout: expect.stringMatching(/^keeps +last 1$/m) })
    expect((await stillpoint('policy plan nightly')).stdout).toMatch(/^make +a snapshot of plants$/m)
    expect(await stillpoint('policy run nightly')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^succeeded/),
    })
    expect((await stillpoint('policy run nightly')).stdout).toMatch(/^deleted nightly-/m)
    const [title, first] = (await stillpoint('policy list')).stdout.split('\n')
    expect(title).toMatch(/^NAME +OF +SCHEDULE +KEEPS +LAST RUN +NEXT RUN$/)
    expect(first).toMatch(/^nightly +plants +0 2 \* \* \* +last 1 +succeeded /)
    await stillpoint('policy put gone --collection none')
    expect(await stillpoint('policy run gone')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/none/),
    })
    expect(await stillpoint('policy delete nightly')).toMatchObject({ code: 0 })
    expect(await stillpoint('policy show nightly')).toMatchObject({ code: 1 })
    expect(await stillpoint('policy put x --keep last=1')).toMatchObject({ code: 2 })
    await server.stop()
  })

  test('saves archives and restores them, goes on with what was cut off', async () => {
    const { server, stillpoint } = await setUp()
    const folder = await temporaryFolder()
    const file = join(folder, 'a.snapshot')
    const secret = join(folder, 'secret')
    await writeFile(secret, 'red maple\n')
    expect(await stillpoint(`snapshot export a ${file} --passphrase-file ${secret}`)).toMatchObject({
      code: 0,
    })
    const whole = await readFile(file)
    expect(await readdir(folder)).toEqual(['a.snapshot', 'secret'])

    // A part of the same version is kept, one of another version is not.
    const etag = (
      await fetch(`${server.url}/v1/snapshots/a/archive`, {
        headers: { 'archive-passphrase': 'red%20maple' },
      })
    ).headers
      .get('etag')!
      .replaceAll('"', '')
    await rm(file)
    await writeFile(`${file}.${etag}.part`, whole.subarray(0, 5000))
    const again = await stillpoint(`snapshot export a ${file} --passphrase-file ${secret} --json`)
    expect(JSON.parse(again.stdout)).toMatchObject({ bytes: whole.byteLength, resumedFrom: 5000 })
    expect(Buffer.compare(await readFile(file), whole)).toBe(0)
    await writeFile(`${file}.other.part`, whole.subarray(0, 5000))
    await stillpoint(`snapshot export a ${file} --passphrase-file ${secret}`)
    expect(Buffer.compare(await readFile(file), whole)).toBe(0)
    expect(await readdir(folder)).toEqual(['a.snapshot', 'secret'])

    expect(await stillpoint(`snapshot import ${file} --as copy`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/archive-key-wrong/),
    })
    expect(await stillpoint(`snapshot import ${file} --as copy --passphrase-file ${secret}`)).toMatchObject({
      code: 0,
      stdout: 'restored copy (300 points)\n',
    })

    const plain = join(folder, 'plain.snapshot')
    await stillpoint(`snapshot export a ${plain}`)
    const bytes = await readFile(plain)
    const session = await fetch(`${server.url}/v1/imports`, { method: 'POST', body: '{"into": "later"}' })
    const { id } = (await session.json()) as { readonly id: string }
    await fetch(`${server.url}/v1/imports/${id}?offset=0`, { method: 'PATCH', body: bytes.subarray(0, 4000) })
    expect(await stillpoint(`snapshot import ${plain} --resume ${id}`)).toMatchObject({
      code: 0,
      stdout: 'restored later (300 points)\n',
    })
    expect(await call(server.url, 'GET', '/collections/later')).toMatchObject({ points_count: 300 })
    expect(await stillpoint(`snapshot import ${join(folder, 'none')} --as x`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: Cannot read .*ENOENT/),
    })
    await server.stop()
  })

  test('tells what differs, the counts first', async () => {
    const { server, stillpoint } = await setUp()
    await call(server.url, 'POST', '/collections/plants/points/delete?wait=true', { points: [7] })
    await call(server.url, 'PUT', '/collections/plants/points?wait=true', {
      points: [{ id: 9000, vector: [1, 2, 3, 4] }],
    })
    expect(await stillpoint('snapshot diff plants@a plants')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^from plants@a .*\n1 added, 1 removed, 0 changed, 299 unchanged\n- 7\n\+ 9000\n$/,
      ),
    })
    const lines = (await stillpoint('snapshot diff plants@a plants --json')).stdout.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { counts: { added: 1, removed: 1 } },
      { kind: 'removed', id: 7 },
      { kind: 'added', id: 9000 },
    ])
    expect(await stillpoint('snapshot diff plants@none plants')).toMatchObject({ code: 1 })
    await server.stop()
  })
})
